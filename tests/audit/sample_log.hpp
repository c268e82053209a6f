// A small log in memory with keys made at run time, for tests of receipts.
#pragma once

#include "gateway/audit/receipt.hpp"
#include "spec/base/digest.hpp"

#include <string>
#include <vector>

namespace cpg::audit {

struct SampleFile {
    std::string name, type;
    Bytes bytes;
};

inline Entry sample_entry(EntryType type = EntryType::submit) {
    Entry entry;
    entry.type = type;
    entry.time = *parse_rfc3339("2026-11-22T09:30:00.123Z");
    entry.bundle = BundleId::parse("019a0000-0000-7000-8000-000000000001");
    entry.from = OfficeNo::parse("0370100017");
    entry.certificate = sha256("a certificate");
    entry.to = OfficeNo::parse("0370100025");
    entry.edition = "4.1";
    entry.kind = "schedule";
    entry.month = *Month::parse("202612");
    entry.result = type == EntryType::submit ? "accepted" : "-";
    entry.event = type == EntryType::submit ? "SubmissionAcceptance" : "";
    entry.rules = sha256("a catalog");
    return entry;
}

inline std::vector<SampleFile> sample_files(std::size_t count) {
    std::vector<SampleFile> files;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string number = std::to_string(1000 + i); // so that the names are in order
        files.push_back({"UPPLAN_" + number + ".CSV", "UPPLAN", "row of file " + number + "\r\n"});
    }
    return files;
}

inline std::vector<FileToVerify> at_hand(const std::vector<SampleFile>& files) {
    std::vector<FileToVerify> out;
    for (const auto& file : files)
        out.push_back({file.name, sha256(file.bytes), file.bytes.size()});
    return out;
}

class SampleLog {
  public:
    explicit SampleLog(const std::string& origin = "gateway.example/cpgw/2026")
        : signer_(make_signer(origin, make_signer_key())),
          tree_(0, [](TileId) { return Bytes(); }) {
        for (int i = 0; i < 5; ++i) tree_.append(leaf_hash("earlier leaf " + std::to_string(i)));
    }

    const Signer& signer() const { return *signer_; }
    std::vector<VerifierKey> trusted() const { return {signer_->verifier()}; }

    std::vector<Bytes> salts(std::size_t count) {
        while (salts_.size() < count) salts_.push_back(random_bytes(32));
        return {salts_.begin(), salts_.begin() + static_cast<std::ptrdiff_t>(count)};
    }

    /// Puts the files' commitments into the entry.
    Entry with_files(Entry entry, const std::vector<SampleFile>& files) {
        const auto chosen = salts(files.size());
        std::vector<EntryFile> all;
        for (std::size_t i = 0; i < files.size(); ++i)
            all.push_back({static_cast<int>(i) + 1, files[i].type, files[i].bytes.size(),
                           commit_file(chosen[i], sha256(files[i].bytes))});
        list_files(entry, all);
        return entry;
    }

    std::string receipt(const std::string& leaf_text, const std::vector<Bytes>& salts) {
        return make_receipt(leaf_text, salts, prove(leaf_text));
    }
    std::string receipt(const Entry& entry, const std::vector<SampleFile>& files) {
        return receipt(format_entry(with_files(entry, files)), salts(files.size()));
    }

    Proof prove(const std::string& leaf_text) {
        const std::uint64_t index = tree_.append(leaf_hash(leaf_text));
        tree_.append(leaf_hash("a later leaf"));
        const Checkpoint checkpoint{signer_->verifier().name, tree_.size(), tree_.root(), {}};
        return {index, tree_.size(), tree_.inclusion(index),
                sign_note(checkpoint.body(), {signer_.get()})};
    }

  private:
    std::unique_ptr<Signer> signer_;
    Tree tree_;
    std::vector<Bytes> salts_;
};

} // namespace cpg::audit
