#include "spec/render/form_sheets.hpp"

namespace cpg::forms {

/// Widths are those of A4 landscape (297 x 210 mm) less its margins. The places of 第3表's blocks
/// are classes, as a style attribute on an element would need a laxer Content-Security-Policy:
/// t0-t95 quarter of an hour from 4:00, n1-n96 how long, k0-k3 which lane.
void append_style(Html& html) {
    html.raw(R"css(
@page{size:A4 landscape;margin:7mm}
*{box-sizing:border-box}
body{margin:0;color:#000;background:#fff;font:9pt/1.3 "BIZ UDPGothic","BIZ UDGothic","Yu Gothic","Hiragino Sans","Meiryo","IPAexGothic","IPAPGothic","Noto Sans CJK JP",sans-serif;-webkit-print-color-adjust:exact;print-color-adjust:exact}
p.above{margin:0 0 2mm;font-size:10pt}
@media screen{body{background:#ddd;padding:4mm}.sheet{background:#fff;margin:0 auto 6mm;padding:7mm;width:297mm;min-height:210mm;box-shadow:0 1px 5px #777}}
.sheet{position:relative;break-after:page;break-inside:auto}
.sheet:last-child{break-after:auto}
header{display:flex;align-items:flex-end;margin-bottom:1.5mm}
header .no{border:.35mm solid #000;padding:.3mm 3mm;font-size:9.5pt}
header h1{flex:1;margin:0;text-align:center;font-size:15pt;font-weight:normal;letter-spacing:.12em}
header .made{font-size:9pt;white-space:nowrap}
header strong{font-size:11pt}
h2{font-size:9pt;margin:1.6mm 0 .6mm;font-weight:bold}
footer{margin-top:1.2mm;font-size:6.5pt;color:#444;text-align:right}
small{display:block;font-size:6.3pt;line-height:1.2}
.badges{display:flex;justify-content:flex-end;gap:2mm;margin-bottom:1mm}
.badge{border:.25mm solid #000;padding:.3mm 2mm}
.badge:empty{display:none}
.choices i{font-style:normal;padding:0 .6mm}
.choices b{font-weight:normal;border:.35mm solid #000;border-radius:50%/48%;padding:.1mm 1.1mm}
.line{display:flex;gap:4mm;align-items:flex-end;margin-bottom:1.8mm}
.entry{display:flex;gap:2mm;border-bottom:.2mm solid #000;min-width:0}
.entry.wide{flex:1}
.entry .k{white-space:nowrap;font-size:7.8pt}
.entry .v{flex:1;min-width:16mm;white-space:nowrap}
.entry.wide .v{white-space:pre-wrap;overflow-wrap:anywhere;padding-left:1mm}
.dono{margin-left:-2mm}
table{border-collapse:collapse;width:100%}
table.form{border:.4mm solid #000;margin-bottom:1.5mm}
.form th,.form td,.list th,.list td{border:.2mm solid #000;padding:.5mm .9mm;vertical-align:top;text-align:left;font-weight:normal;white-space:pre-wrap;overflow-wrap:anywhere}
.form th,.list th{background:#f0f0ee;text-align:center;vertical-align:middle}
thead{display:table-header-group}
tr{break-inside:avoid}
td.c{text-align:center}
td.n{text-align:right;white-space:nowrap}
.form td{height:4.4mm}
.form td.on{border-top-style:hidden}
.fill td{height:100%}
th.side{width:40mm}
.columns th.side{width:29mm}
.columns td.long{height:8.5mm}
.plan1{height:140mm}
.plan1 td{height:8mm;vertical-align:middle}
.plan1 td.long{height:auto;vertical-align:top}
.notes{margin:.6mm 0;font-size:6.8pt}
.cut{margin:1mm 0;font-weight:bold}
.plan2{table-layout:fixed;font-size:8.5pt;height:160mm}
.plan2 .need{width:41mm}
.plan2 .term{width:22mm}
.plan2 .content{width:40mm}
.plan2 .mark{width:7mm}
.plan2 .rate{width:16mm}
.week{display:flex;border:.4mm solid #000;margin-bottom:1.2mm}
.day{flex:1;border-left:.2mm solid #000;min-width:0}
.day:last-child{flex:1.5}
.day.axis{flex:0 0 17mm;border-left:0}
.day h3{margin:0;height:5mm;line-height:5mm;text-align:center;font-size:8pt;font-weight:normal;background:#f0f0ee;border-bottom:.2mm solid #000}
.slots{position:relative;display:grid;grid-template-rows:repeat(96,1fr);grid-auto-columns:minmax(0,1fr);height:144mm;background:linear-gradient(to bottom,#aaa .2mm,transparent .2mm) 0 0/100% 12mm}
.axis .slots{grid-template-columns:7mm 10mm}
.part{grid-column:1;writing-mode:vertical-rl;text-align:center;border-bottom:.2mm solid #000;border-right:.2mm solid #000;font-size:7.5pt;display:flex;align-items:center;justify-content:center;background:#fff}
.hour{grid-column:2;font-size:7pt;padding-top:.4mm;text-align:right;padding-right:1mm;line-height:1}
.block{border:.25mm solid #000;background:#e8eff7;font-size:6.8pt;line-height:1.1;padding:0 .5mm;overflow:hidden;overflow-wrap:anywhere;border-radius:.6mm}
.block small{display:inline;font-size:5.6pt;color:#333}
.head6{font-size:7.8pt}
.head6 th{width:24mm;font-size:7pt;padding:.4mm}
.head6 td{padding:.4mm .8mm;vertical-align:middle}
td.name,span.name{font-size:10pt}
.grid6,.grid7{table-layout:fixed;font-size:7pt}
.grid6 th,.grid6 td{padding:.2mm;text-align:center;vertical-align:middle;overflow-wrap:anywhere}
.grid6 td{height:5.3mm}
.grid6 col.time{width:14mm}
.grid6 col.service{width:40mm}
.grid6 col.office{width:36mm}
.grid6 col.kind{width:8mm}
.grid6 col.sum{width:9mm}
.grid6 col.su,.grid6 th.su{background:#fbe4e2}
.grid6 col.sa,.grid6 th.sa{background:#e3ecfa}
.grid6 col.off,.grid6 th.off{background:#d8d8d8}
.grid6 td.service,.grid6 td.office{text-align:left;padding:.2mm .6mm}
.grid6 tr.planned td{border-top:.35mm solid #000;border-bottom-style:dotted}
.grid6 tr.actual td{border-top-style:dotted}
.grid6 .kind{font-size:6.5pt}
.grid7{font-size:7pt}
.grid7 th{font-size:5.8pt;padding:.3mm .1mm;line-height:1.15}
.grid7 td{padding:.35mm .5mm;vertical-align:middle}
.grid7 .office{width:30mm}
.grid7 .number{width:17mm}
.grid7 .service{width:29mm}
.grid7 .code{width:12mm}
tr.subtotal td{background:#f5f5f2}
tr.total td{background:#ececea;border-top:.35mm double #000}
.halves{display:flex;gap:6mm;align-items:flex-start}
.half{flex:1;font-size:7.5pt}
.columns{display:flex;gap:3mm;align-items:flex-start;font-size:8pt}
.columns>div{flex:1;min-width:0}
.columns .form th,.columns .form td{padding:.5mm .8mm}
.columns h2{font-size:8.5pt;margin:.8mm 0 .4mm}
th.hour{width:14mm}
.picture img{max-width:60mm;max-height:28mm;display:block}
.consent{margin:1mm 0;text-align:right}
.plan{display:flex;align-items:stretch;font-size:7.2pt;min-height:92mm;margin-bottom:1.5mm}
.plan .form{margin:0}
.plan .assess td{height:22%}
.plan .form th{font-size:6pt;line-height:1.15;padding:.3mm}
.plan .assess{width:92mm;table-layout:fixed;border-right:0}
.plan .support{flex:1;table-layout:fixed}

th.one{width:12mm}
.checks th{font-size:6.2pt}
.list{font-size:8pt}
.rest{font-size:10pt}
)css");
    for (int slot = 0; slot < slots_of_day; ++slot) {
        html.raw(".t").number(slot).raw("{grid-row-start:").number(slot + 1).raw("}");
        html.raw(".n").number(slot + 1).raw("{grid-row-end:span ").number(slot + 1).raw("}\n");
    }
    for (int lane = 0; lane < most_lanes; ++lane)
        html.raw(".k").number(lane).raw("{grid-column:").number(lane + 1).raw("}");
}

} // namespace cpg::forms
