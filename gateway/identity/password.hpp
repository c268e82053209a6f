// Passwords: Argon2id (RFC 9106), kept as a PHC string. libargon2 is seen by password.cpp only.
// Hashing takes a tenth of a second and much memory: never on the io thread, and only through a
// HashingQueue, which bounds how many run at once.
#pragma once

#include "spec/base/bytes.hpp"

#include <deque>
#include <functional>
#include <mutex>

namespace cpg::identity {

/// OWASP asks for 19 MiB with 2 passes or the like; more memory costs a guesser with graphics cards
/// more than it costs us.
struct PasswordCost {
    std::uint32_t memory_kib = 64 * 1024; // 64 MiB: RFC 9106's second choice
    std::uint32_t passes = 2;             // about 0.1 s on the machines this runs on
    std::uint32_t lanes = 1;              // one thread a hash: the queue alone says how many run
};

/// The rule for a new password: 13 characters, what the guideline asks of one that is never changed
/// by the calendar; at most 256 bytes (bounds the work); at least five different characters; it
/// does not contain the user ID. malformed says which.
Result<void> check_new_password(std::string_view password, std::string_view user);
constexpr std::size_t min_password_characters = 13;
constexpr std::size_t max_password_bytes = 256;

/// 20 characters from 32 that are not mistaken for one another (100 bits), in groups of five.
std::string make_password(BytesView twenty_random_bytes);

/// PHC string with a fresh salt of 16 bytes. Throws std::bad_alloc when there is no memory.
std::string hash_password(std::string_view password, const PasswordCost& cost);
/// False also for a text that is no PHC string of Argon2id, or a password over the limit.
bool verify_password(std::string_view phc, std::string_view password);
/// Whether the hash was made at less cost than is asked for now.
bool is_weaker(std::string_view phc, const PasswordCost& cost);

/// Runs hashing work on the worker pool, at most `at_once` at a time; more wait, at most `waiting`.
/// Any thread.
class HashingQueue {
  public:
    using Post = std::function<void(std::function<void()>)>;
    HashingQueue(Post post, std::size_t at_once, std::size_t waiting);
    /// False when too many wait already: the work is dropped.
    bool run(std::function<void()> work);
    bool is_full();

  private:
    void start(std::function<void()> work);
    void next();

    Post post_;
    const std::size_t at_once_, max_waiting_;
    std::mutex mutex_;
    std::size_t running_ = 0;
    std::deque<std::function<void()>> waiting_;
};

} // namespace cpg::identity
