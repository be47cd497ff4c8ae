/* The style sheet: dark text on light, one column that fits a telephone, tables that scroll within
 * their box, a second form of every figure for small screens, and print.
 */
#include "reports/pages.h"

#include <stddef.h>

const char *const page_style[] = {
    ":root{--ink:#1d2328;--soft:#56606a;--line:#dfe3e7;--pale:#f5f7f9;--blue:#00578a;"
    "color-scheme:light}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:#fff;color:var(--ink);font:16px/1.5 system-ui,-apple-system,"
    "\"Segoe UI\",\"DejaVu Sans\",sans-serif;overflow-wrap:break-word}\n"
    "main{max-width:1120px;margin:0 auto;padding:28px 24px 40px}\n"
    "h1{font-size:30px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}\n"
    "h2{font-size:21px;line-height:1.3;margin:44px 0 10px;padding-top:14px;border-top:1px solid "
    "var(--line)}\n"
    "p{margin:10px 0;max-width:75ch}.lead{color:var(--soft);margin:0 0 20px;max-width:none}\n"
    ".verdict{border-left:6px solid #6b7680;background:var(--pale);padding:14px 20px;margin:18px 0;"
    "border-radius:0 6px 6px 0}\n"
    ".verdict strong{display:block;font-size:22px;line-height:1.3}.verdict p{margin:4px 0 "
    "0;max-width:none}\n"
    ".verdict.g{border-color:#007a5a;background:#eef7f3}"
    ".verdict.w{border-color:#c77700;background:#fdf5e8}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px;"
    "margin:18px 0}\n"
    ".tile{border:1px solid var(--line);border-radius:6px;padding:12px 14px;min-width:0}\n"
    ".tile span{display:block;font-size:13px;line-height:1.35;color:var(--soft);"
    "overflow-wrap:anywhere}\n"
    ".tile b{display:block;font-size:23px;line-height:1.25;margin:3px 0;overflow-wrap:anywhere}"
    ".tile b.long{font-size:16px}\n"
    "figure{margin:24px 0}figure svg{display:block;width:100%;height:auto;max-width:1000px}\n"
    "figure .narrow{display:none}"
    "figcaption{color:var(--soft);font-size:14px;max-width:80ch;margin-top:6px}\n"
    "figcaption b{color:var(--ink)}\n"
    ".key{font-size:13px;list-style:none;padding:0;margin:8px 0 0;columns:3 210px;color:var(--ink)}"
    ".key li{break-inside:avoid;padding-left:28px;text-indent:-28px;overflow-wrap:anywhere}"
    ".key li b{display:inline-block;width:22px;margin-right:6px;text-align:right;text-indent:0}\n"
    ".key.small{display:none}\n"
    ".box{overflow:auto;margin:10px 0 18px;border:1px solid var(--line);border-radius:6px}"
    ".box.tall{max-height:720px}\n"
    "table{border-collapse:separate;border-spacing:0;width:100%;font-size:14px;line-height:1.35}\n"
    "caption{caption-side:top;text-align:left;color:var(--soft);padding:8px 12px;font-size:13px}\n"
    "th,td{padding:6px 12px;text-align:left;vertical-align:top;border-bottom:1px solid "
    "var(--line)}\n"
    "tr:last-child td{border-bottom:0}\n"
    "thead th{background:#eef1f4;position:sticky;top:0;z-index:1;vertical-align:bottom;"
    "font-weight:600}\n"
    "td.name{min-width:9em;max-width:24em;overflow-wrap:anywhere}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "thead th.n{white-space:normal}\n"
    "td small{display:block;color:var(--soft);font-size:12px}.n small{white-space:nowrap}\n"
    "tr.b td{font-weight:650;background:#f4f9fc}tr.b small{font-weight:400}\n"
    "tr.h td{background:var(--pale);color:var(--soft);font-weight:600;font-size:13px;"
    "padding:5px 12px}\n"
    ".heat th,.heat td{padding:5px 8px}.heat thead th.n{min-width:6.4em;max-width:9em;"
    "overflow-wrap:anywhere;font-size:12px;font-weight:600}\n"
    ".heat td.name{max-width:15em}.heat tbody td{border-color:#fff}.heat tr.b td{background:none}\n"
    ".heat tbody td.best{font-weight:700;text-decoration:underline;"
    "text-underline-offset:3px}\n"
    ".heat td.best::before{content:\"\\25B6\\00A0\";font-size:9px;vertical-align:1px}\n", /* C99
                                                                                             promises
                                                                                             literals
                                                                                             of
                                                                                             4,095
                                                                                             bytes
                                                                                             only */
    "ul{margin:8px 0;padding-left:22px;max-width:80ch}li{margin:4px 0;overflow-wrap:anywhere}\n"
    "footer{margin-top:44px;padding-top:14px;border-top:1px solid var(--line);color:var(--soft);"
    "font-size:13px}\n"
    "@media(max-width:640px){body{font-size:15px}main{padding:18px 14px 28px}h1{font-size:24px;"
    "overflow-wrap:anywhere}h2{font-size:19px;margin-top:34px}.verdict{padding:12px 14px}"
    ".verdict strong{font-size:20px}.tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:8px}"
    ".tile{padding:10px 11px}.tile:first-child{grid-column:1/-1}.tile b{font-size:20px}"
    "figure .wide{display:none}figure .narrow{display:block}.key.small{display:block}"
    "th,td{padding:5px 9px}.box.tall{max-height:560px}td.name{min-width:7.5em;max-width:13em}"
    ".heat td.name{min-width:8.5em;max-width:11em}}\n"
    "@media print{body{font-size:11pt}main{max-width:none;padding:0}.box,.box.tall{max-height:none;"
    "overflow:visible}thead th{position:static}h2{break-after:avoid}figure,.verdict,.tile,tr"
    "{break-inside:avoid}table{font-size:8.5pt}th,td{padding:3px 6px}*{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}}\n",
    NULL,
};
