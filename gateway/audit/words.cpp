#include "gateway/audit/words.hpp"

#include "spec/records/utf8.hpp"

namespace cpg::audit {
namespace {

std::string text_of(const std::optional<OfficeNo>& office) {
    return office ? office->str() : "-";
}

std::string text_of(const std::optional<BundleId>& bundle) {
    return bundle ? bundle->str() : "-";
}

std::string japan_time(Time time) {
    const std::string text = rfc3339(time + std::chrono::hours(9));
    return text.substr(0, 10) + " " + text.substr(11, 8);
}

/// The rule ids of "rejected R-…,R-…".
std::string rules_of(const Entry& entry) {
    const std::size_t blank = entry.result.find(' ');
    return blank == std::string::npos ? "-" : entry.result.substr(blank + 1);
}

bool import_failed(const Entry& entry) {
    return entry.result.rfind("import_failed", 0) == 0;
}

Words happening(const Entry& entry) {
    const std::string id = text_of(entry.bundle);
    switch (entry.type) {
    case EntryType::submit:
        return {"送信単位 " + id + " をゲートウェイが受け付けたこと",
                "the gateway accepted bundle " + id};
    case EntryType::reject:
        return {"送信単位 " + id + " の受付をゲートウェイが断ったこと（規則 " + rules_of(entry) +
                    "）",
                "the gateway refused bundle " + id + " (rules " + rules_of(entry) + ")"};
    case EntryType::fetch:
        return {"あて先が送信単位 " + id + " を受け取ったこと",
                "the receiver fetched bundle " + id};
    case EntryType::ack:
        if (import_failed(entry))
            return {"あて先が送信単位 " + id + " を取り込めなかったと報告したこと",
                    "the receiver reported that it could not import bundle " + id};
        return {"あて先が送信単位 " + id + " を取り込んだと報告したこと",
                "the receiver reported that it imported bundle " + id};
    case EntryType::recall:
        return {"送信元が送信単位 " + id + " を取り消したこと", "the sender recalled bundle " + id};
    case EntryType::unclaimed:
        return {"送信単位 " + id + " が期限までに受け取られなかったこと",
                "bundle " + id + " was not fetched in time"};
    default:
        return {"ゲートウェイの記録（" + std::string(name_of(entry.type)) + "）がログにあること",
                "the log holds a record of the gateway (" + std::string(name_of(entry.type)) + ")"};
    }
}

/// What somebody might read into this step and must not.
std::optional<Words> beyond(const Entry& entry) {
    switch (entry.type) {
    case EntryType::submit:
        return Words{"あて先が受け取ったこと、取り込んだこと（受領票、取込票が証明します）",
                     "that the receiver fetched or imported it (later receipts prove that)"};
    case EntryType::reject:
        return Words{"断られた内容があて先に届いたこと（届いていません）",
                     "that anything refused reached the receiver (it did not)"};
    case EntryType::fetch:
        return Words{"あて先が内容を読んだこと、取り込んだこと",
                     "that the receiver read or imported it"};
    case EntryType::ack:
        return Words{"取込みの結果についてのあて先の報告が事実であること",
                     "that what the receiver reported about its import is true"};
    default:
        return std::nullopt;
    }
}

void add_when_known(std::vector<Words>& lines, const Entry& entry) {
    if (entry.from || entry.to)
        lines.push_back({"送信元 " + text_of(entry.from) + "、あて先 " + text_of(entry.to),
                         "sender " + text_of(entry.from) + ", receiver " + text_of(entry.to)});
    if (entry.certificate)
        lines.push_back(
            {"操作した接続の証明書の指紋: " + prefixed_hex(*entry.certificate),
             "fingerprint of the certificate that acted: " + prefixed_hex(*entry.certificate)});
}

/// What the office said of its adapter; the gateway has seen neither the source nor the report.
Words words_of(const Conversion& conversion) {
    const std::string dialect = conversion.dialect, report = prefixed_hex(conversion.report),
                      version = std::to_string(conversion.version),
                      fills = std::to_string(conversion.fills),
                      lookups = std::to_string(conversion.lookups);
    return {"送信側の変換: 方言 " + dialect + " 第 " + version + " 版、補った値 " + fills +
                " 件、表で引いた値 " + lookups + " 件と申告されたこと（変換の報告 " + report + "）",
            "conversion at the sender: it declared dialect " + dialect + " version " + version +
                ", " + fills + " values filled in, " + lookups + " looked up (its report " +
                report + ")"};
}

void add_spec(std::vector<Words>& lines, const Entry& entry) {
    if (!entry.edition.empty() || !entry.kind.empty())
        lines.push_back({"標準仕様 " + entry.edition + " 版、種類 " + entry.kind + "、対象年月 " +
                             entry.month.str(),
                         "standard edition " + entry.edition + ", kind " + entry.kind + ", month " +
                             entry.month.str()});
    if (entry.rules)
        lines.push_back({"検査に使った規則の版: " + prefixed_hex(*entry.rules),
                         "rules it was checked by: " + prefixed_hex(*entry.rules)});
    if (!entry.event.empty())
        lines.push_back(
            {"ETSI EN 319 522 の事象名: " + entry.event, "ETSI EN 319 522 event: " + entry.event});
    if (entry.conversion) lines.push_back(words_of(*entry.conversion));
}

} // namespace

Words title_of(const Entry& entry) {
    switch (entry.type) {
    case EntryType::submit:
        return {"受付票", "acceptance receipt"};
    case EntryType::reject:
        return {"受付拒否の証明", "proof of refusal"};
    case EntryType::fetch:
        return {"受領票", "receipt of fetching"};
    case EntryType::ack:
        if (import_failed(entry)) return {"取込失敗の証明", "proof of a failed import"};
        return {"取込票", "import receipt"};
    case EntryType::recall:
        return {"取消の証明", "proof of recall"};
    case EntryType::unclaimed:
        return {"未受領の証明", "proof of non-collection"};
    default:
        return {"記録の証明", "proof of a record"};
    }
}

std::vector<Words> proven_by(const Receipt& receipt, Contents contents, SenderSignature signature) {
    const Entry& entry = receipt.entry;
    std::vector<Words> lines = {happening(entry)};
    add_when_known(lines, entry);
    lines.push_back({"時刻 " + rfc3339(entry.time) + "（日本時間 " + japan_time(entry.time) + "）",
                     "time " + rfc3339(entry.time)});
    add_spec(lines, entry);
    if (contents == Contents::compared)
        lines.push_back({"手元のファイルが、記録されたものと 1 ビットも違わず、過不足もないこと",
                         "the files at hand are, bit for bit and all of them, those recorded"});
    if (signature == SenderSignature::compared)
        lines.push_back({"手元の電子署名ファイル（.p7s）が、送信時に添えられたものであること",
                         "the signature files (.p7s) at hand are those that were sent"});
    const std::string index = std::to_string(receipt.proof.proof.index);
    const std::string size = std::to_string(receipt.checkpoint.size);
    lines.push_back({"記録の場所: ログ " + receipt.checkpoint.origin + " の " + index +
                         " 番（署名時の大きさ " + size + "）、署名した鍵 " + receipt.signer,
                     "place: leaf " + index + " of log " + receipt.checkpoint.origin + " (size " +
                         size + " when signed), signed by key " + receipt.signer});
    for (const std::string& witness : receipt.witnesses)
        lines.push_back({"証人 " + witness + " もこのログの状態を確認して署名したこと",
                         "witness " + witness + " saw and cosigned this state of the log"});
    return lines;
}

std::vector<Words> not_proven_by(const Receipt& receipt, Contents contents,
                                 SenderSignature signature) {
    std::vector<Words> lines;
    if (contents == Contents::not_compared && !receipt.entry.files.empty())
        lines.push_back({"ファイルの内容（手元のファイルと照合していません）",
                         "the contents of the files (they were not compared)"});
    if (signature == SenderSignature::not_compared)
        lines.push_back({"送信者の電子署名（.p7s が手元になく、照合していません）",
                         "the sender's signatures (no .p7s at hand, not compared)"});
    if (signature == SenderSignature::compared)
        lines.push_back({"送信者の電子署名そのものの正しさと、署名者の証明書の有効性",
                         "that the sender's signatures and the signers' certificates are valid"});
    if (const auto more = beyond(receipt.entry)) lines.push_back(*more);
    if (!receipt.entry.files.empty())
        lines.push_back({"ファイルに書かれたことが事実であること（検査は形式と規則だけです）",
                         "that what the files say is true (form and rules only were checked)"});
    if (receipt.entry.conversion)
        lines.push_back({"送信側の変換が正しいこと（変換前のデータは届いていません）",
                         "that the conversion was right (what was converted is not here)"});
    lines.push_back({"実際に操作した人が誰か（証明書は事業所のものです）",
                     "which person acted (the certificate is an office's)"});
    lines.push_back({"第三者による時刻（時刻はゲートウェイの時計によります）",
                     "a third party's time (the time is by the gateway's clock)"});
    if (receipt.witnesses.empty())
        lines.push_back({"ログがほかの人にも同じに見えること（証人の署名がありません）",
                         "that everybody is shown the same log (no witness cosigned)"});
    return lines;
}

Words reason_of(const Error& error) {
    switch (error.code) {
    case Errc::tampered:
        return {"受付票が改ざんされているか、壊れています。",
                "The receipt was changed or is damaged: " + error.detail + "."};
    case Errc::unknown_key:
        return {"信頼する鍵による署名がありません。",
                "The receipt is not signed by a trusted key: " + error.detail + "."};
    default:
        return {"受付票の形式ではありません。", "This is not a receipt: " + error.detail + "."};
    }
}

std::string_view name_of(Verified result) {
    switch (result) {
    case Verified::proven:
        return "proven";
    case Verified::tampered:
        return "tampered";
    case Verified::malformed:
        return "malformed";
    case Verified::unknown_key:
        return "unknown_key";
    case Verified::certificate:
        return "certificate";
    }
    throw std::logic_error("name_of: not a result of verification");
}

Words headline_of(Verified result) {
    switch (result) {
    case Verified::proven:
        return {"真正", "PROVEN"};
    case Verified::tampered:
        return {"改ざん・不一致", "TAMPERED"};
    case Verified::malformed:
        return {"形式不正", "MALFORMED"};
    case Verified::unknown_key:
        return {"鍵が未知、または条件不足", "UNKNOWN KEY OR POLICY NOT MET"};
    case Verified::certificate:
        return {"証明書がその時点で無効", "CERTIFICATE NOT VALID AT THAT TIME"};
    }
    throw std::logic_error("headline_of: not a result of verification");
}

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const Utf8Character character = utf8_character_at(text, i);
        const char32_t c = character.code_point;
        const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
        if (character.length == 0 || control)
            out += '?';
        else
            out += text.substr(i, character.length);
        i += std::max<std::size_t>(character.length, 1);
    }
    return out;
}

} // namespace cpg::audit
