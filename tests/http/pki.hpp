// A throw-away public key infrastructure, made anew by every run. Test code only.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace cpg::test {

struct Credential {
    std::string certificate; // PEM
    std::string key;         // PEM
    long serial = 0;
};

enum class Purpose { server, client };

/// A self-signed CA with a P-256 key.
class Authority {
  public:
    explicit Authority(const std::string& name);
    ~Authority();
    std::string certificate() const; // PEM
    /// Valid from an hour ago until `seconds_left` from now (negative: expired).
    Credential issue(const std::string& name, Purpose purpose, long seconds_left = 3600);
    /// A revocation list; `seconds_left` until its nextUpdate.
    std::string revocation_list(const std::vector<long>& revoked, long seconds_left = 3600) const;

  private:
    std::shared_ptr<evp_pkey_st> key_;
    std::shared_ptr<x509_st> certificate_;
    long next_serial_ = 2;
};

/// A folder of its own, removed at the end.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }
    /// Writes a file with mode 0600 and returns its path.
    std::filesystem::path write(const std::string& name, const std::string& content) const;

  private:
    std::filesystem::path path_;
};

} // namespace cpg::test
