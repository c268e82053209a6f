#include "gateway/identity/password.hpp"

#include "spec/base/digest.hpp"

#include <algorithm>
#include <argon2.h>
#include <charconv>
#include <set>

namespace cpg::identity {
namespace {

constexpr std::size_t salt_bytes = 16; // RFC 9106, 3.1
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t min_different_characters = 5;
constexpr std::size_t max_phc_bytes = 512;
constexpr std::string_view unmistakable = "23456789abcdefghjkmnpqrstuvwxyz!"; // no 0 o, 1 i l
static_assert(unmistakable.size() == 32);

Error malformed(const char* detail) {
    return {Errc::malformed, detail};
}

std::size_t characters_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// The number after "name=" in the parameters of a PHC string; 0 when there is none.
std::uint32_t parameter(std::string_view phc, std::string_view name) {
    const auto at = phc.find(name);
    std::uint32_t value = 0;
    if (at != std::string_view::npos)
        std::from_chars(phc.data() + at + name.size(), phc.data() + phc.size(), value);
    return value;
}

} // namespace

Result<void> check_new_password(std::string_view password, std::string_view user) {
    if (password.size() > max_password_bytes) return malformed("the password is over 256 bytes");
    if (std::any_of(password.begin(), password.end(), is_control))
        return malformed("the password holds a control character");
    if (characters_of(password) < min_password_characters)
        return malformed("the password has less than 13 characters");
    if (std::set<char>(password.begin(), password.end()).size() < min_different_characters)
        return malformed("the password has less than five different characters");
    if (!user.empty() && password.find(user) != std::string_view::npos)
        return malformed("the password contains the user ID");
    return {};
}

std::string make_password(BytesView twenty_random_bytes) {
    std::string text;
    for (std::size_t i = 0; i < 20; ++i) {
        if (i > 0 && i % 5 == 0) text += '-';
        text += unmistakable[static_cast<unsigned char>(twenty_random_bytes.at(i)) % 32];
    }
    return text;
}

std::string hash_password(std::string_view password, const PasswordCost& cost) {
    const Bytes salt = random_bytes(salt_bytes);
    std::string phc(argon2_encodedlen(cost.passes, cost.memory_kib, cost.lanes, salt_bytes,
                                      hash_bytes, Argon2_id),
                    '\0');
    const int code = argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes,
                                           password.data(), password.size(), salt.data(),
                                           salt.size(), hash_bytes, phc.data(), phc.size());
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
    if (code != ARGON2_OK) throw std::runtime_error(argon2_error_message(code));
    phc.resize(phc.find('\0'));
    return phc;
}

bool verify_password(std::string_view phc, std::string_view password) {
    if (phc.size() > max_phc_bytes || password.size() > max_password_bytes) return false;
    const int code = argon2id_verify(std::string(phc).c_str(), password.data(), password.size());
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
    return code == ARGON2_OK;
}

bool is_weaker(std::string_view phc, const PasswordCost& cost) {
    return parameter(phc, "m=") < cost.memory_kib || parameter(phc, "t=") < cost.passes ||
           parameter(phc, "p=") < cost.lanes;
}

// -- HashingQueue --

HashingQueue::HashingQueue(Post post, std::size_t at_once, std::size_t waiting)
    : post_(std::move(post)), at_once_(std::max<std::size_t>(at_once, 1)), max_waiting_(waiting) {}

bool HashingQueue::run(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        if (running_ == at_once_) {
            if (waiting_.size() >= max_waiting_) return false;
            waiting_.push_back(std::move(work));
            return true;
        }
        ++running_;
    }
    start(std::move(work));
    return true;
}

bool HashingQueue::is_full() {
    const std::lock_guard lock(mutex_);
    return running_ == at_once_ && waiting_.size() >= max_waiting_;
}

void HashingQueue::start(std::function<void()> work) {
    post_([this, work = std::move(work)] {
        struct Done {
            HashingQueue& queue;
            ~Done() { queue.next(); }
        } const done{*this};
        work();
    });
}

void HashingQueue::next() {
    std::function<void()> work;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.empty()) {
            --running_;
            return;
        }
        work = std::move(waiting_.front());
        waiting_.pop_front();
    }
    start(std::move(work));
}

} // namespace cpg::identity
