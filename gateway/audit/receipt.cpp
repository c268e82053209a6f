#include "gateway/audit/receipt.hpp"

#include "gateway/audit/lines.hpp"
#include "gateway/audit/words.hpp"
#include "spec/records/bundle.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

namespace cpg::audit {
namespace {

constexpr std::string_view proof_header = "c2sp.org/tlog-proof@v1";
constexpr std::size_t max_proof_hashes = 64; // a tree of 2^64 leaves is that high
constexpr std::size_t salt_size = 32;
constexpr std::size_t hash_size = 32;

Error malformed(const char* what) {
    return {Errc::malformed, what};
}

std::optional<Digest> parse_hash(std::string_view line) {
    const Result<Bytes> bytes = from_base64(line);
    if (!bytes || bytes->size() != hash_size) return std::nullopt;
    Digest digest;
    std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
    return digest;
}

Result<Checkpoint> read_checkpoint(std::string_view note) {
    const Result<Note> parsed = parse_note(note);
    if (!parsed) return parsed.error();
    return Checkpoint::parse(parsed->text);
}

// -- the extra data: leaf text, blank line, salts --

struct Extra {
    std::string_view leaf_text;
    std::vector<Bytes> salts;
};

std::string salt_line(std::size_t number, BytesView salt) {
    return "salt " + std::to_string(number) + " " + base64(salt) + "\n";
}

Result<Extra> parse_extra(std::string_view extra) {
    const std::size_t end = extra.find("\n\n");
    if (end == std::string_view::npos) return malformed("no leaf text in the extra data");
    Extra parsed{extra.substr(0, end + 1), {}};
    Lines lines(extra.substr(end + 2));
    while (!lines.done()) {
        const auto line = lines.next();
        const auto words = split_words(line.value_or(""));
        const auto salt = from_base64(words.back());
        const std::size_t number = parsed.salts.size() + 1;
        if (!line || !salt || salt->size() != salt_size ||
            std::string(*line) + "\n" != salt_line(number, *salt))
            return malformed("a line that is no salt");
        parsed.salts.push_back(*salt);
    }
    return parsed;
}

/// As many salts as the bundle has files, or none.
bool salts_fit(const Entry& entry, std::size_t salts) {
    if (salts == 0 || salts == entry.files.size()) return true;
    return files_digest_of(entry).has_value() && salts > entry.files.size();
}

struct Signers {
    bool by_log = false;
    std::vector<std::string> witnesses;
};

/// Who signed, out of verified signatures: the log itself under its own name, or a witness.
Signers signers_of(const Note& note, const std::string& origin,
                   const std::vector<VerifierKey>& trusted) {
    Signers signers;
    for (const Signature& signature : note.signatures)
        for (const VerifierKey& key : trusted) {
            if (key.id != signature.id || key.name != signature.name) continue;
            if (key.algorithm == KeyAlgorithm::ed25519_cosignature)
                signers.witnesses.push_back(key.name);
            else if (key.name == origin)
                signers.by_log = true;
            break;
        }
    return signers;
}

struct Opened {
    Checkpoint checkpoint;
    std::vector<std::string> witnesses;
};

Result<Opened> open_proof(const TlogProof& proof, const Digest& leaf,
                          const std::vector<VerifierKey>& given) {
    const Result<Checkpoint> checkpoint = read_checkpoint(proof.proof.checkpoint);
    if (!checkpoint) return checkpoint.error();
    const std::vector<VerifierKey> trusted = keys_for_log(given, checkpoint->origin);
    const Result<Note> note = open_note(proof.proof.checkpoint, trusted);
    if (!note) return note.error();
    Signers signers = signers_of(*note, checkpoint->origin, trusted);
    if (!signers.by_log)
        return Error{Errc::unknown_key, "no signature of a trusted key of this log"};
    if (!verify_inclusion(proof.proof.index, checkpoint->size, leaf, proof.proof.hashes,
                          checkpoint->root))
        return Error{Errc::tampered, "the record is not in the signed log at this place"};
    return Opened{*checkpoint, std::move(signers.witnesses)};
}

// -- comparing files --

/// Why files do not fit.
struct Mismatch {
    Verified result = Verified::tampered;
    Words words;
};

struct FilesAtHand {
    std::vector<FileToVerify> files; // by name
    std::vector<Digest> signatures;  // detached, in the order of the signed files
};

/// Files in the order of their names, the sender's signatures apart when the leaf speaks of such.
FilesAtHand sort_files(std::vector<FileToVerify> files, const Entry& entry) {
    std::sort(files.begin(), files.end(),
              [](const auto& left, const auto& right) { return left.name < right.name; });
    if (!entry.cms) return {std::move(files), {}};
    std::set<std::string_view> names;
    for (const FileToVerify& file : files) names.insert(file.name);
    FilesAtHand at_hand;
    std::map<std::string_view, Digest> signatures; // by the name of the signed file
    for (const FileToVerify& file : files) {
        const std::string_view name = signed_name_of(file.name);
        if (!name.empty() && names.count(name) > 0)
            signatures.emplace(name, file.digest);
        else
            at_hand.files.push_back(file);
    }
    for (const auto& [name, digest] : signatures) at_hand.signatures.push_back(digest);
    return at_hand;
}

Mismatch missing_file(const EntryFile& file) {
    const std::string name = std::to_string(file.number) + " (" + file.type + ", " +
                             std::to_string(file.bytes) + " bytes)";
    return Mismatch{Verified::tampered,
                    {"記録されたファイル " + name + " が手元にないか、内容が変わっています。",
                     "Recorded file " + name + " is missing or was changed."}};
}

Mismatch foreign_file(const FileToVerify& file) {
    const std::string name = printable(file.name);
    return Mismatch{Verified::tampered,
                    {"ファイル " + name + " は、この記録のものではありません。",
                     "File " + name + " does not belong to this record or was changed."}};
}

/// Takes the files that fit the leaf's lines out of `files`.
std::optional<Mismatch> match_listed(const Receipt& receipt, std::vector<FileToVerify>& files) {
    for (const EntryFile& listed : receipt.entry.files) {
        const Bytes& salt = receipt.salts[static_cast<std::size_t>(listed.number) - 1];
        const auto fits = std::find_if(files.begin(), files.end(), [&](const FileToVerify& file) {
            return file.bytes == listed.bytes &&
                   commit_file(salt, file.digest) == listed.commitment;
        });
        if (fits == files.end()) return missing_file(listed);
        files.erase(fits);
    }
    return std::nullopt;
}

/// The files that the leaf only sums up: in the order of their names they fit the remaining salts.
std::optional<Mismatch> match_unlisted(const Receipt& receipt, const Digest& sum,
                                       const std::vector<FileToVerify>& files) {
    std::vector<Digest> commitments;
    for (const EntryFile& listed : receipt.entry.files) commitments.push_back(listed.commitment);
    const std::size_t count = receipt.salts.size() - commitments.size();
    for (std::size_t i = 0; i < std::min(count, files.size()); ++i)
        commitments.push_back(
            commit_file(receipt.salts[receipt.entry.files.size() + i], files[i].digest));
    if (count == files.size() && digest_of_digests(commitments) == sum) return std::nullopt;
    return Mismatch{Verified::tampered,
                    {"一覧にない残りのファイルが、記録と一致しません。",
                     "The files beyond those listed are not those recorded."}};
}

std::optional<Mismatch> compare(const Receipt& receipt, const FilesAtHand& at_hand) {
    if (receipt.salts.empty() && !receipt.entry.files.empty())
        return Mismatch{Verified::unknown_key,
                        {"受付票にソルトがなく、ファイルと照合できません。",
                         "The receipt has no salts: files cannot be compared with it."}};
    std::vector<FileToVerify> files = at_hand.files;
    if (auto mismatch = match_listed(receipt, files)) return mismatch;
    if (const auto sum = files_digest_of(receipt.entry)) {
        if (auto mismatch = match_unlisted(receipt, *sum, files)) return mismatch;
    } else if (!files.empty()) {
        return foreign_file(files.front());
    }
    if (!at_hand.signatures.empty() && digest_of_digests(at_hand.signatures) != receipt.entry.cms)
        return Mismatch{Verified::tampered,
                        {"電子署名ファイル（.p7s）が、送信時のものと一致しません。",
                         "The signature files (.p7s) are not those that were sent."}};
    return std::nullopt;
}

Verified verified_of(Errc code) {
    switch (code) {
    case Errc::tampered:
        return Verified::tampered;
    case Errc::unknown_key:
        return Verified::unknown_key;
    default:
        return Verified::malformed;
    }
}

Verification failed(Verified result, const Words& reason, std::optional<Receipt> receipt) {
    Verification verification;
    verification.result = result;
    verification.reason_ja = reason.ja;
    verification.reason_en = reason.en;
    verification.receipt = std::move(receipt);
    return verification;
}

Verification proven(Receipt receipt, Contents contents, SenderSignature signature) {
    Verification verification;
    verification.result = Verified::proven;
    const Words title = title_of(receipt.entry);
    const bool alone = contents == Contents::not_compared;
    verification.reason_ja = title.ja + (alone ? "は真正です（ファイルとは照合していません）。"
                                               : "は真正で、手元のファイルと一致します。");
    verification.reason_en = "The " + title.en +
                             (alone ? " is genuine (no files were compared)."
                                    : " is genuine and the files at hand are those recorded.");
    for (Words& words : proven_by(receipt, contents, signature)) {
        verification.proven_ja.push_back(std::move(words.ja));
        verification.proven_en.push_back(std::move(words.en));
    }
    for (Words& words : not_proven_by(receipt, contents, signature)) {
        verification.not_proven_ja.push_back(std::move(words.ja));
        verification.not_proven_en.push_back(std::move(words.en));
    }
    verification.receipt = std::move(receipt);
    return verification;
}

} // namespace

std::string TlogProof::text() const {
    std::string text(proof_header);
    text += '\n';
    if (!extra.empty()) text += "extra " + base64(extra) + "\n";
    text += "index " + std::to_string(proof.index) + "\n";
    for (const Digest& hash : proof.hashes) text += base64(hash.view()) + "\n";
    return text + "\n" + proof.checkpoint;
}

Result<TlogProof> TlogProof::parse(std::string_view text) {
    if (text.size() > max_receipt_bytes) return malformed("a proof over the size limit");
    Lines lines(text);
    if (lines.next() != proof_header) return malformed("a proof of another form");
    TlogProof parsed;
    auto line = lines.next();
    if (const auto extra = line ? after("extra ", *line) : std::nullopt) {
        Result<Bytes> bytes = from_base64(*extra);
        if (!bytes || bytes->empty()) return malformed("the extra data is not base64");
        parsed.extra = std::move(*bytes);
        line = lines.next();
    }
    const auto index_text = line ? after("index ", *line) : std::nullopt;
    const auto index = index_text ? parse_decimal(*index_text) : std::nullopt;
    if (!index) return malformed("the index is not a number");
    parsed.proof.index = *index;
    for (line = lines.next(); line && !line->empty(); line = lines.next()) {
        const auto hash = parse_hash(*line);
        if (!hash || parsed.proof.hashes.size() == max_proof_hashes)
            return malformed("a line of the proof is not a hash");
        parsed.proof.hashes.push_back(*hash);
    }
    if (!line) return malformed("a proof without a checkpoint");
    parsed.proof.checkpoint = lines.rest();
    const Result<Checkpoint> checkpoint = read_checkpoint(parsed.proof.checkpoint);
    if (!checkpoint) return checkpoint.error();
    parsed.proof.size = checkpoint->size;
    return parsed;
}

Result<Checkpoint> check_proof(const TlogProof& proof, const Digest& leaf_hash,
                               const std::vector<VerifierKey>& trusted) {
    Result<Opened> opened = open_proof(proof, leaf_hash, trusted);
    if (!opened) return opened.error();
    return std::move(opened->checkpoint);
}

std::string make_receipt(std::string_view leaf_text, const std::vector<Bytes>& salts,
                         const Proof& proof) {
    Bytes extra(leaf_text);
    extra += '\n';
    for (std::size_t i = 0; i < salts.size(); ++i) {
        if (salts[i].size() != salt_size)
            throw std::invalid_argument("make_receipt: a salt has 32 bytes");
        extra += salt_line(i + 1, salts[i]);
    }
    return TlogProof{std::move(extra), proof}.text();
}

Result<Receipt> open_receipt(std::string_view text, const std::vector<VerifierKey>& trusted) {
    Result<TlogProof> proof = TlogProof::parse(text);
    if (!proof) return proof.error();
    Result<Extra> extra = parse_extra(proof->extra);
    if (!extra) return extra.error();
    Result<Opened> opened = open_proof(*proof, leaf_hash(extra->leaf_text), trusted);
    if (!opened) return opened.error();
    Result<Entry> entry = parse_entry(extra->leaf_text);
    if (!entry) return entry.error();
    if (!salts_fit(*entry, extra->salts.size()))
        return malformed("not as many salts as the record has files");
    std::string leaf_text(extra->leaf_text); // a view into the proof, which moves below
    const std::string signer = opened->checkpoint.origin;
    return Receipt{std::move(leaf_text),        std::move(*entry),  std::move(extra->salts),
                   std::move(*proof),           opened->checkpoint, signer,
                   std::move(opened->witnesses)};
}

Verification verify_receipt(std::string_view receipt_text, const std::vector<FileToVerify>& files,
                            const std::vector<VerifierKey>& trusted) {
    Result<Receipt> receipt = open_receipt(receipt_text, trusted);
    if (!receipt)
        return failed(verified_of(receipt.error().code), reason_of(receipt.error()), std::nullopt);
    auto signature = receipt->entry.cms ? SenderSignature::not_compared : SenderSignature::none;
    if (files.empty()) return proven(std::move(*receipt), Contents::not_compared, signature);
    const FilesAtHand at_hand = sort_files(files, receipt->entry);
    if (const auto mismatch = compare(*receipt, at_hand))
        return failed(mismatch->result, mismatch->words, std::move(*receipt));
    if (!at_hand.signatures.empty()) signature = SenderSignature::compared;
    return proven(std::move(*receipt), Contents::compared, signature);
}

} // namespace cpg::audit
