#!/usr/bin/env bash
# The main job on this machine, start to end: a month's exchange between a care-management office and three service
# offices over mutual TLS, with receipts that verify after the gateway has stopped. Everything is under build/demo.
#
#   bash deploy/demo.sh             installs, builds, shows, stops
#   bash deploy/demo.sh --serve     leaves the gateway running at the end and says how to use it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

serve=no
for argument in "$@"; do
    case "$argument" in
    --serve) serve=yes ;;
    --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "demo.sh: unknown option '$argument' (there is --serve)" >&2; exit 2 ;;
    esac
done

folder="build/demo"
month=202612
care=0370100017
declare -A name=([$care]="みほん居宅介護支援事業所" [0370100025]="みほん訪問介護" [0370100033]="みほん通所介護" [0370100041]="みほん訪問看護")
declare -A type=([$care]=43 [0370100025]=11 [0370100033]=15 [0370100041]=13)
services=(0370100025 0370100033 0370100041)

# -- speaking and failing --------------------------------------------------------------------------------------------

if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'; else bold='' dim='' red='' plain=''; fi
number=0
step() {
    number=$((number + 1))
    printf '\n%s%2d. %s%s\n    %s%s%s\n' "$bold" "$number" "$1" "$plain" "$dim" "$2" "$plain"
}
show() { sed 's/^/    │ /'; }
fail() {
    printf '\n%s失敗しました: %s%s\n%s\n' "$red" "$1" "$plain" "${2:-}" >&2
    exit 1
}

gateway_process=''
stop_gateway() {
    [[ -n $gateway_process ]] || return 0
    kill -TERM "$gateway_process" 2>/dev/null || true
    local code=0
    wait "$gateway_process" || code=$?
    gateway_process=''
    return "$code"
}
doing='準備 / preparation'
on_exit() {
    local code=$?
    trap - EXIT
    stop_gateway || true
    if [[ $code -ne 0 ]]; then
        printf '\n%sデモは途中で終わりました（%s、終了コード %d）。記録は %s にあります。%s\n' "$red" "$doing" "$code" "$folder" "$plain" >&2
        printf 'The demo ended early while: %s. See %s\n' "$doing" "$folder" >&2
        [[ ! -s $folder/gateway.log ]] || { echo 'gateway.log:' >&2; tail -5 "$folder/gateway.log" >&2; }
    fi
    exit "$code"
}
trap on_exit EXIT
trap 'exit 130' INT TERM

# Runs a command whose output is shown; a code other than the one expected ends the demo.
expect() {
    local expected="$1" code=0
    shift
    "$@" >"$folder/output.txt" 2>&1 || code=$?
    show <"$folder/output.txt"
    [[ $code -eq $expected ]] || fail "「$*」の終了コードが $code です（$expected のはず）" "exit code $code, expected $expected"
}

# -- the stage -------------------------------------------------------------------------------------------------------

printf '%sケアプランデータ連携ゲートウェイ — 一か月のやりとり%s\n' "$bold" "$plain"
printf '%sA month of care-plan exchange. All persons are invented.%s\n' "$dim" "$plain"

step 'ソフトを用意します（初回は数分）' 'packages and build; some minutes the first time'
doing='導入と組み立て / install and build'
bash deploy/setup.sh build run
mkdir -p build
{ cmake --preset release && cmake --build --preset release --target cpgw -j "$(nproc)"; } >build/demo-build.log 2>&1 || {
    tail -40 build/demo-build.log >&2
    fail '組み立てられません' 'the build failed; see build/demo-build.log'
}
export PATH="$PWD/build/release:$PATH"
cpgw --version | show

# Another demo may still serve from the same folder.
if [[ -s $folder/gateway.pid ]] && old="$(cat "$folder/gateway.pid")" && [[ "$(cat "/proc/$old/comm" 2>/dev/null)" == cpgw ]]; then
    fail "前のデモのゲートウェイが動いています（pid $old）。先に止めてください: kill $old" 'another demo is serving; stop it first'
fi
rm -rf "$folder"
mkdir -p "$folder"/{month,results,received,broken}

step '使い捨ての認証局と、事業所ごとの証明書を作ります' 'a throw-away certificate authority, one certificate an office'
doing='証明書 / certificates'
cpgw cert ca-init --out "$folder/pki" | show
cpgw cert issue --ca "$folder/pki" --server localhost,127.0.0.1 --out "$folder/pki/server" >/dev/null
for office in "$care" "${services[@]}"; do
    cpgw cert issue --ca "$folder/pki" --office "$office" --out "$folder/pki/$office" >/dev/null
    printf '    │ %s  %s\n' "$office" "${name[$office]}"
done

step 'ゲートウェイを起動します（TLS 1.3、クライアント証明書必須）' 'the gateway: TLS 1.3, client certificates required, ephemeral ports'
doing='ゲートウェイの起動 / starting the gateway'
cat >"$folder/gateway.yaml" <<YAML
host: localhost
listen: {address: 127.0.0.1, port: 0}
ops: {address: 127.0.0.1, port: 0}
tls: {certificate: pki/server.pem, key: pki/server.key, client_ca: pki/ca.pem, crl: pki/crl.pem}
data: data
log: {level: info, file: gateway.log}
YAML
vkey="$(cpgw db init --config "$folder/gateway.yaml" | tail -1)"
for office in "$care" "${services[@]}"; do
    cpgw office add --config "$folder/gateway.yaml" --office "$office" --type "${type[$office]}" --name "${name[$office]}" >/dev/null
done
cpgw serve --config "$folder/gateway.yaml" --ready-file "$folder/ready.json" &
gateway_process=$!
echo "$gateway_process" >"$folder/gateway.pid"
for _ in $(seq 300); do
    [[ ! -s $folder/ready.json ]] || break
    kill -0 "$gateway_process" 2>/dev/null || fail 'ゲートウェイが起動しません' 'the gateway did not start'
    sleep 0.1
done
[[ -s $folder/ready.json ]] || fail 'ゲートウェイが 30 秒で準備できません' 'the gateway was not ready after 30 s'
port="$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$folder/ready.json")"
ops_port="$(sed -n 's/.*"ops_port":\([0-9]*\).*/\1/p' "$folder/ready.json")"
for office in "$care" "${services[@]}"; do
    cat >"$folder/$office.yaml" <<YAML
gateway: https://localhost:$port
certificate: pki/$office.pem
key: pki/$office.key
ca: pki/ca.pem
trusted_keys: ["$vkey"]
YAML
done
printf '    │ https://localhost:%s   %s\n' "$port" "記録の公開鍵 / log key: $vkey"

# -- the care manager sends ------------------------------------------------------------------------------------------

step "${name[$care]}が、三つの事業所への ${month:0:4}年${month:4}月分（予定と計画）を一つの ZIP にします" \
    'the care manager packs schedules and plans for three offices into one ZIP'
doing='送信データの用意 / making the month'
receivers="$(for office in "${services[@]}"; do printf '%s:%s,' "$office" "${type[$office]}"; done)"
cpgw sample --from "$care:${type[$care]}" --to "${receivers%,}" --month "$month" --users 5 --kind care_plan,schedule --seed 7 \
    --out "$folder/month" | show
(cd "$folder/month" && zip -q ../month.zip ./*)

step '送る前に手元で検査します' 'checked offline before sending'
doing='検査 / check'
cpgw check "$folder/month.zip" >"$folder/output.txt" 2>&1 || { show <"$folder/output.txt"; fail '検査を通りません' 'the sample does not pass'; }
tail -3 "$folder/output.txt" | show

step '送ります。宛先ごとに振り分けられ、受付票が返ります' 'sent: routed to each receiver, a receipt for each'
doing='送信 / send'
expect 0 cpgw send --config "$folder/$care.yaml" --receipts "$folder/received/$care-sent" "$folder/month.zip"

# -- the service offices receive, import, answer ---------------------------------------------------------------------

ids_of() { grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' | sort -u; }
receive_and_import() {
    local office="$1" state="$2" id kept
    cpgw inbox --config "$folder/$office.yaml" | show
    cpgw inbox --config "$folder/$office.yaml" | ids_of >"$folder/ids.txt"
    [[ -s $folder/ids.txt ]] || fail "${name[$office]}の受信箱が空です" 'the inbox is empty'
    expect 0 cpgw fetch --config "$folder/$office.yaml" --out "$folder/received/$office"
    while read -r id; do
        kept=("$folder/received/$office/"*"_$id")
        expect 0 cpgw ack --config "$folder/$office.yaml" --out "${kept[0]}/receipts/$state.receipt.txt" "$id" "$state"
    done <"$folder/ids.txt"
}

for office in "${services[@]}"; do
    step "${name[$office]}が受け取り、取り込みます" "${type[$office]}: inbox, fetch (receipt verified before it says done), acknowledge"
    doing="${name[$office]}の受信 / receiving"
    receive_and_import "$office" imported
done

# A whole PDF of one page with a line of text; synthetic, of course.
write_pdf() {
    python3 - "$1" "$2" <<'PYTHON'
import sys
path, text = sys.argv[1:]
stream = b"BT /F1 14 Tf 72 760 Td (" + text.encode("ascii") + b") Tj ET"
objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
           b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
           b"<</Length %d>>\nstream\n%s\nendstream" % (len(stream), stream),
           b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
body, offsets = b"%PDF-1.4\n", []
for index, content in enumerate(objects, 1):
    offsets.append(len(body))
    body += b"%d 0 obj\n%s\nendobj\n" % (index, content)
table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
body += b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
open(path, "wb").write(body)
PYTHON
}

step '各事業所が実績を返します。一つには月次報告書（PDF）を添えます' 'each office returns its results, one with a monthly report (PDF) beside them'
doing='実績の返送 / returning results'
for office in "${services[@]}"; do
    cpgw sample --from "$office:${type[$office]}" --to "$care:${type[$care]}" --month "$month" --users 5 --kind actual --seed 7 \
        --out "$folder/results/$office" >/dev/null
    papers=()
    if [[ $office == "${services[0]}" ]]; then
        write_pdf "$folder/results/houkoku.pdf" "Monthly report $month (synthetic)"
        serial="$(basename "$(echo "$folder/results/$office"/UPJSK_*)" .CSV | grep -oE '[0-9]{14}$')"
        papers=(--cover-to "$care:${type[$care]}" --title '月次報告書（見本）' --month "$month" --with-serial "$serial"
            "$folder/results/houkoku.pdf")
    fi
    expect 0 cpgw send --config "$folder/$office.yaml" --receipts "$folder/received/$office-sent" "$folder/results/$office" "${papers[@]}"
done

step "${name[$care]}が実績を受け取り、取り込みます" 'the care manager receives and imports the results'
doing='実績の受信 / receiving results'
receive_and_import "$care" imported
pdf="$(find "$folder/received/$care" -name houkoku.pdf | head -1)"
[[ -n $pdf ]] && cmp -s "$pdf" "$folder/results/houkoku.pdf" || fail '報告書が届いていません' 'the report did not arrive byte for byte'
printf '    │ 報告書もバイト単位で同じです / the report is byte-equal: %s\n' "$(sha256sum <"$pdf" | cut -c1-16)…"

# -- a file that is not right ----------------------------------------------------------------------------------------

step 'まちがったファイルを送ると（サービス利用日が月の外）' 'a file that is not right: a service day outside its month'
doing='誤りのあるファイル / the broken file'
cpgw sample --from "$care:${type[$care]}" --to "${services[0]}:${type[${services[0]}]}" --month 202701 --users 1 --kind schedule --seed 8 \
    --out "$folder/broken" >/dev/null
sed -i '1s/,202701\([0-3][0-9]\),/,202702\1,/' "$folder"/broken/UPPLAN_*
expect 1 cpgw send --config "$folder/$care.yaml" --receipts "$folder/received/$care-sent" "$folder/broken"
grep -q 'R-MON-03' "$folder/output.txt" || fail '誤りが見つかりません' 'R-MON-03 was not found'

# -- what is left ----------------------------------------------------------------------------------------------------

step '送ったものは、相手がどうしたかまで見えます' 'the sender sees what became of it'
doing='送信箱 / outbox'
cpgw outbox --config "$folder/$care.yaml" | show
cpgw outbox --config "$folder/$care.yaml" --format json >"$folder/outbox.json"

finish() {
    step 'ゲートウェイを止め、受付票をすべてオフラインで検証します' 'the gateway is stopped; every receipt is verified offline'
    doing='停止と検証 / stop and verify'
    stop_gateway || fail 'ゲートウェイが正しく終了しません' 'the gateway did not stop cleanly'
    verify_everything
}

verified=0
verify_everything() {
    local bundle
    while read -r bundle; do
        cpgw verify --trusted-key "$vkey" "$bundle" >"$folder/output.txt" 2>&1 || {
            show <"$folder/output.txt"
            fail "検証できません: $bundle" 'a receipt does not verify'
        }
        verified=$((verified + $(find "$bundle/receipts" -type f | wc -l)))
    done < <(find "$folder/received" -mindepth 2 -maxdepth 2 -type d | sort)
    head -12 "$folder/output.txt" | show
    printf '    │ … %d 通すべて確かめられました / all %d receipts are proven\n' "$verified" "$verified"
    [[ $verified -gt 0 ]] || fail '受付票がありません' 'there is no receipt'

    # And it can fail: one changed byte is noticed.
    local victim
    victim="$(find "$folder/received/$care" -mindepth 1 -maxdepth 1 -type d | head -1)"
    cp -r "$victim" "$folder/tampered"
    printf 'x' >>"$(find "$folder/tampered" -maxdepth 1 -type f | head -1)"
    local code=0
    cpgw verify --trusted-key "$vkey" "$folder/tampered" >/dev/null 2>&1 || code=$?
    [[ $code -eq 1 ]] || fail '一バイトの改変を見のがしました' "a changed byte gave exit code $code, expected 1"
    printf '    │ 一バイト書き換えた写しは見破られました / a copy with one changed byte was found out\n'
}

summary() {
    local sent imported
    sent="$(python3 -c 'import json,sys; print(len([b for b in json.load(open(sys.argv[1]))["bundles"] if b["state"] != "rejected"]))' "$folder/outbox.json")"
    imported="$(python3 -c 'import json,sys; print(len([b for b in json.load(open(sys.argv[1]))["bundles"] if b["state"] == "imported"]))' "$folder/outbox.json")"
    printf '\n%sまとめ / summary%s\n' "$bold" "$plain"
    printf '  %-4s %s\n' \
        "$sent" '送った送信単位（一つの ZIP から三つの宛先へ） / bundles sent out of one ZIP to three receivers' \
        "$imported" '相手が取り込んだもの / imported by their receivers' \
        "${#services[@]}" '返ってきた実績（うち一つに PDF） / results returned, one with a PDF' \
        1 '差し戻されたもの（理由と直し方つき） / rejected, with reason and next step' \
        "$verified" '確かめた受付票・受領票・取込票 / receipts verified'
    [[ $sent -gt 0 && $sent -eq $imported ]] || fail '取り込まれていないものがあります' 'not everything was imported'
}

if [[ $serve == no ]]; then
    finish
    summary
    printf '\n%sできあがりです。%s 記録は %s にあります。\n' "$bold" "$plain" "$folder"
    exit 0
fi

verify_everything
summary
cat <<TEXT

ゲートウェイは動いたままです（Ctrl-C で終わります）。The gateway goes on; Ctrl-C ends it.

  API      https://localhost:$port      （証明書が要ります / needs a certificate）
  運用     http://127.0.0.1:$ops_port/metrics

  cpgw inbox --config $folder/${services[0]}.yaml
  cpgw outbox --config $folder/$care.yaml
  curl --cacert $folder/pki/ca.pem --cert $folder/pki/$care.pem --key $folder/pki/$care.key https://localhost:$port/v1/me

  cpgw = $PWD/build/release/cpgw
TEXT
doing='動作中 / serving'
trap 'printf "\n終わります。 / stopping.\n"; exit 0' INT TERM
wait "$gateway_process"
