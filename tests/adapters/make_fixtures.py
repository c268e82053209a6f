#!/usr/bin/env python3
"""Makes tests/adapters/fixtures: files as care software would write them, and the records that must come out.

    make_fixtures.py            writes them
    make_fixtures.py --check    says what differs from the committed ones, exit 1

A case is a folder <dialect>/<case> with in/ (bytes exactly as the software writes), tables/ (the office's own tables),
options.yaml (what the office says besides) and expected.json (the sets, record by record, and the note ids that must be told).
With `round_trip` the files of in/ are also what must be written of those sets; with `direction: out` in/ holds files of the standard
and out/ what must be written of them. dialects/ holds a dialect of the case's own.
report.json is the engine's own report, looked at by a person when it changes (fixtures_test.cpp says how to refresh it).
All persons and offices are invented. Deterministic, standard library only.
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MONTH, OLD_MONTH = "202612", "202503"
SERIAL = "20270105090000"  # as the software's own name says
CREATED = "20270105"
OWN_SERIAL = "20270106100000"  # what the gateway gives to files without one
VERSIONS = {"4.1": "202407", "3": "202208"}

# --- the standard: its items, from the tables of the product ---


def read_items(edition):
    """Type -> [(key, Japanese name, is free text)]."""
    name = {"4.1": "v4.1.yaml", "3": "v3.yaml"}[edition]
    items, anchors, current = {}, {}, None
    for line in (ROOT / "spec/editions" / name).read_text(encoding="utf-8").splitlines():
        if found := re.match(r"  - id: (\w+)", line):
            current = items.setdefault(found[1], [])
        elif found := re.match(r"    fields: &(\w+)", line):
            anchors[found[1]] = current
        elif found := re.match(r"    fields: \*(\w+)", line):
            current.extend(anchors[found[1]])
        elif found := re.match(r'      - \{"no": (\d+), key: "(\w+)", name: "([^"]+)".* type: "(\w+)"', line):
            assert int(found[1]) == len(current) + 1, line
            current.append((found[2], found[3], found[4] == "free_text"))
    return items


ITEMS = {edition: read_items(edition) for edition in VERSIONS}


def cell(text, quote):
    return '"' + text.replace('"', '""') + '"' if quote else text


def is_odd(text):
    return any(c in text for c in ',"\r\n')


def lines(rows, quote="minimal", end="\r\n", last=True):
    """Rows of texts as CSV. quote: all | minimal | none."""
    out = end.join(",".join(cell(text, quote == "all" or (quote == "minimal" and is_odd(text))) for text in row) for row in rows)
    return out + end if last else out


def standard(kind, rows, edition="4.1", end="\r\n", last=True, quote="free_text", write=lambda key, text: text, header=False):
    """Records of the standard as its file; quote: free_text | all | minimal."""
    items = ITEMS[edition][kind]
    out = [",".join(name for _, name, _ in items)] if header else []
    for row in rows:
        texts = [(write(key, row.get(key, "")), free) for key, _, free in items]
        out.append(",".join(cell(text, quote == "all" or (quote == "free_text" and free) or is_odd(text)) for text, free in texts))
    return end.join(out) + (end if last else "")


# --- invented people and their month ---

MANAGER, SECOND_MANAGER = "9970100001", "9970100002"
VISITS, RENTAL, STAYS = "9970100011", "9970100033", "9970100044"
OFFICES = {MANAGER: ("43", "見本居宅介護支援事業所"), SECOND_MANAGER: ("43", "例示居宅介護支援事業所"),
           VISITS: ("11", "見本訪問介護事業所"), RENTAL: ("17", "例示福祉用具貸与事業所"), STAYS: ("21", "試験短期入所生活介護")}


class Person:
    def __init__(self, local_id, insured, name, kana, sex, birth, level, manager, planner):
        self.local_id, self.insurer, self.insured = local_id, "990010", insured
        self.name, self.kana, self.sex, self.birth = name, kana, sex, birth
        self.level, self.manager, self.planner = level, manager, planner
        self.limit = {"22": "19705", "23": "27048"}[level]

    def key(self):
        return {"insurer_no": self.insurer, "insured_no": self.insured}


HANAKO = Person("A001", "0000000101", "見本　花子", "ミホン　ハナコ", "2", "19400215", "22", MANAGER, "架空　支子")
TARO = Person("A002", "H000000102", "試験　太郎", "シケン　タロウ", "1", "19381103", "23", MANAGER, "架空　支子")
MOVED = Person("A003", "0000000103", "例示　次郎", "レイジ　ジロウ", "1", "19450607", "22", SECOND_MANAGER, "仮野　計")


class Service:
    def __init__(self, office, code, units, days, start="9999", end="9999", count="1", satellite="", detail="", tais="", item="",
                 over="0"):
        self.office, self.code, self.units, self.days = office, code, str(units), days
        self.start, self.end, self.count, self.satellite = start, end, count, satellite
        self.detail, self.tais, self.item, self.over = detail, tais, item, over


SHORT = Service(VISITS, "111111", 244, [2, 9, 16], "0900", "0930")
LONG = Service(VISITS, "111211", 387, [5, 12], "0900", "1000")
BY_SATELLITE = Service(VISITS, "111111", 244, [3, 10, 31], "1515", "1545", satellite="01")
TWICE = Service(VISITS, "111111", 244, [7], "0800", "1730", count="2")
BONUS = Service(VISITS, "114001", 200, [2])
BED = Service(RENTAL, "171003", 900, [1], tais="99999-000010", item="見本ベッド,標準型")
RAIL_1 = Service(RENTAL, "171004", 50, [1], detail="1", tais="99999-000020", item="例示手すり")
RAIL_2 = Service(RENTAL, "171004", 50, [1], detail="2", tais="99999-000020", item="例示手すり")
STAY = Service(STAYS, "211111", 600, [1, 2])
STAY_OVER = Service(STAYS, "211111", 600, [3], over="1")

FULL_MONTH = [(HANAKO, [SHORT, LONG, BONUS, BED, RAIL_1, RAIL_2]), (TARO, [BY_SATELLITE, TWICE, STAY, STAY_OVER])]


def of_office(month, office):
    """The services of one office, by person."""
    out = [(person, [service for service in services if service.office == office]) for person, services in month]
    return [(person, services) for person, services in out if services]


def table6(person, service, day, month=MONTH, edition="4.1", created=CREATED, updater=None, office_name=True, planner=True):
    row = {"csv_version": VERSIONS[edition], **person.key(), "created_date": created, "target_month": month,
           "planner_office_no": person.manager, "units": service.units, "service_date": f"{month}{day:02}",
           "start_time": service.start, "end_time": service.end, "count": service.count, "service_code": service.code,
           "tais_code": service.tais, "item_name": service.item, "detail_no": service.detail, "service_office_no": service.office,
           "satellite_no": service.satellite, "over_30_days": service.over, "updater_office": updater or service.office}
    if planner:
        row["planner_name"] = person.planner
    if office_name:
        row["service_office_name"] = OFFICES[service.office][1]
    keys = {key for key, _, _ in ITEMS[edition]["UPPLAN"]}
    return {key: text for key, text in row.items() if text and key in keys}


def actual(month_of_services, **how):
    return [table6(person, service, day, **how) for person, services in month_of_services for service in services
            for day in service.days]


def amounts(units, over):
    yen = units * 102 // 10
    if over == "1":
        return {"service_units": units, "total_cost": 0, "insurance_claim": 0, "copay_insured": 0, "copay_full": yen}
    claim = yen * 90 // 100
    return {"service_units": units, "managed_units": units, "over_limit_units": 0, "in_limit_units": units, "total_cost": yen,
            "insurance_claim": claim, "copay_insured": yen - claim, "copay_full": 0}


def table7_row(person, month, edition, code, own, sums):
    row = {"csv_version": VERSIONS[edition], **person.key(), "created_date": CREATED, "target_month": month, "service_code": code,
           "over_30_days": "0", "office_code": "9999999999", "updater_office": MANAGER, **own}
    row.update({key: str(value) for key, value in sums.items()})
    keys = {key for key, _, _ in ITEMS[edition]["UPSIKYU"]}
    return {key: text for key, text in row.items() if text != "" and key in keys}


def added(rows):
    out = {}
    for row in rows:
        for key, value in row.items():
            out[key] = out.get(key, 0) + value
    return out


def table7(person, services, month, edition):
    details = {}  # office, satellite, code, units, tais, item, over -> count
    for service in services:
        key = (service.office, service.satellite, service.code, service.units, service.tais, service.item, service.over)
        details[key] = details.get(key, 0) + len(service.days) * int(service.count)
    rows, all_sums, groups = [], [], {}
    for (office, satellite, code, units, tais, item, over), count in details.items():
        sums = amounts(int(units) * count, over)
        own = {"service_office_name": OFFICES[office][1], "service_office_no": office, "satellite_no": satellite, "tais_code": tais,
               "item_name": item, "units": units, "count": str(count), "unit_price": "10.20", "over_30_days": over}
        if over == "0":
            own["benefit_rate"] = "90"
        groups.setdefault((office, satellite, code[:2]), []).append((over, sums))
        rows.append(table7_row(person, month, edition, code, own, sums))
        all_sums.append(sums)
    for (office, satellite, kind), parts in groups.items():
        own = {"service_office_name": OFFICES[office][1], "service_office_no": office, "satellite_no": satellite, "units": "0",
               "count": "0"}
        within = [sums for over, sums in parts if over == "0"]
        if len(within) > 1:
            rows.append(table7_row(person, month, edition, kind + "AAAA", own, added(within)))
    rows.append(table7_row(person, month, edition, "999999", {"service_office_no": "9999999999", "units": "0", "count": "0"},
                           added(all_sums)))
    return rows


def hosoku(person, month, edition="4.1"):
    return {"csv_version": VERSIONS[edition], **person.key(), "plan_date": "00000000", "name_kana": person.kana, "name": person.name,
            "sex": person.sex, "birth_date": person.birth, "postal_code": "999-0001", "address1": "見本県架空市例示町1-2-3",
            "phone": "00-0000-0101", "cert_date": "20260320", "limit_from": "20260401", "limit_to": "20270331", "cert_status": "2",
            "care_level_changed": "20260401", "care_level": person.level, "limit_units": person.limit, "total_over_units": "0",
            "prev_care_level": person.level, "consent_receiver": MANAGER, "updater_office": MANAGER, "target_month": month}


def schedule(month_of_services, month=MONTH, edition="4.1"):
    plan = actual(month_of_services, month=month, edition=edition, updater=MANAGER)
    sums = [row for person, services in month_of_services for row in table7(person, services, month, edition)]
    return {"UPPLAN": plan, "UPSIKYU": sums, "UPHOSOKU": [hosoku(person, month, edition) for person, _ in month_of_services]}


# --- a case ---

CASES = {}  # path -> bytes


def ref(office):
    return f"{office}:{OFFICES[office][0]}"


def a_set(source, target, tables, state="ready", serial=SERIAL, notes=(), rules=()):
    """What a set must become. notes: ids that must be told; rules: errors of the standard's check."""
    return {"state": state, "from": source, "to": target, "serial": serial, "notes": sorted(notes), "errors": sorted(rules),
            "tables": tables}


def refused(*notes, rules=()):
    """A set that is not released; what could be read of it does not matter."""
    return {"state": "quarantined", "notes": sorted(notes), "errors": sorted(rules)}


def text_of(value):
    return json.dumps(value, ensure_ascii=False)


def set_text(one):
    """A set as JSON, a record a line."""
    members = [f'"{key}": {text_of(value)}' for key, value in one.items() if key != "tables"]
    if "tables" in one:
        tables = [f'"{kind}": [\n' + ",\n".join(text_of(row) for row in rows) + "]" for kind, rows in one["tables"].items()]
        members.append('"tables": {' + ",\n".join(tables) + "}")
    return "{" + ", ".join(members) + "}"


def put(folder, files, encoding="cp932"):
    for path, text in files.items():
        CASES[f"{folder}/{path}"] = text if isinstance(text, bytes) else text.encode(encoding)


def case(room, name, files, sets, tables=None, encoding="cp932", dialects=None, **options):
    folder = f"{room}/{name}"
    put(f"{folder}/in", files, encoding)
    put(f"{folder}/dialects", dialects or {}, "utf-8")
    put_office(folder, tables, options)
    CASES[f"{folder}/expected.json"] = ("[\n" + ",\n".join(set_text(one) for one in sets) + "\n]\n").encode("utf-8")


def out_case(room, name, files, wanted, notes=(), tables=None, encoding="cp932"):
    """Files of the standard, and what must be written; None: refused."""
    folder = f"{room}/{name}"
    put(f"{folder}/in", files)
    put(f"{folder}/out", wanted or {}, encoding)
    put_office(folder, tables, {"direction": "out"})
    expected = {"refused": wanted is None, "notes": sorted(notes)}
    CASES[f"{folder}/expected.json"] = (text_of(expected) + "\n").encode("utf-8")


def put_office(folder, tables, options):
    for table, rows in (tables or {}).items():
        CASES[f"{folder}/tables/{table}.csv"] = lines(rows).encode("utf-8")
    options = {"serial": OWN_SERIAL, **options}
    text = "".join(f'{key}: "{value}"\n' for key, value in sorted(options.items()))
    CASES[f"{folder}/options.yaml"] = text.encode("utf-8")


OFFICE_TABLE = [["office_no", "service_type", "name"]] + [[office, kind, name] for office, (kind, name) in OFFICES.items()]
PEOPLE_COLUMNS = ["local_id", "insurer_no", "insured_no", "name", "kana", "birth_date", "planner_office_no", "planner_name"]


def people(*persons):
    return [PEOPLE_COLUMNS] + [[p.local_id, p.insurer, p.insured, p.name, p.kana, p.birth, p.manager, p.planner] for p in persons]


SERVICE_NAMES = {"111111": "見本訪問Ⅰ", "111211": "見本訪問Ⅱ", "114001": "見本初回加算", "171003": "見本特殊寝台", "171004": "見本手すり",
                 "211111": "見本短期入所"}
SERVICE_TABLE = [["name", "service_code"]] + [[name, code] for code, name in SERVICE_NAMES.items()]

# --- A: std-v3 ---


def old_name(kind, source, target, serial=SERIAL, month=OLD_MONTH):
    return f"{kind}_{month}_{source}_{target}_{serial}.CSV"


def up(rows):
    """Records of edition 3 as edition 4.1 has them."""
    return [{**row, "csv_version": VERSIONS["4.1"]} for row in rows]


def down(rows):
    return [{**row, "csv_version": VERSIONS["3"]} for row in rows]


def basics():
    return {"csv_version": "202407", **HANAKO.key(), "consult_date": "20261105", "plan_kind": "1", "name_kana": HANAKO.kana,
            "name": HANAKO.name, "sex": HANAKO.sex, "birth_date": HANAKO.birth}


def make_a():
    d = "std-v3"
    tables = {"offices": OFFICE_TABLE}
    visits = [(HANAKO, [SHORT])]
    rows = actual(visits, month=OLD_MONTH, edition="3")
    name = old_name("UPJSK", VISITS, MANAGER)
    told = ["A-EDI-01", "A-ENV-03"]
    good = a_set(ref(VISITS), ref(MANAGER), {"UPJSK": up(rows)}, notes=told)
    case(d, "minimal", {name: standard("UPJSK", rows, "3")}, [good], tables, round_trip="yes")

    files = schedule(FULL_MONTH, OLD_MONTH, "3")
    names = {kind: old_name(kind, MANAGER, VISITS) for kind in files}
    source = {names[kind]: standard(kind, files[kind], "3") for kind in files}
    goods = [["service_code", "insured_no", "tais_code", "item_name"]]
    goods += [[s.code, HANAKO.insured, s.tais, s.item] for s in (BED, RAIL_1)]
    new = schedule(FULL_MONTH, OLD_MONTH, "4.1")
    case(d, "full_month", source, [a_set(ref(MANAGER), ref(VISITS), new, notes=told + ["A-LOOK-03"])],
         {**tables, "equipment": goods}, round_trip="yes")
    case(d, "equipment_without_code", source, [refused("A-EDI-02", "A-CHK-01", rules=["R-WEL-01"])], tables)

    older = standard("UPJSK", rows, "3", write=lambda key, text: "201910" if key == "csv_version" else text)
    case(d, "version_201910", {name: older}, [{**good, "notes": sorted(told + ["A-VAL-04"])}], tables)
    case(d, "unknown_service_type", {name: standard("UPJSK", rows, "3")}, [refused("A-ENV-02")], {"offices": OFFICE_TABLE[:2]})
    case(d, "several_service_types", {name: standard("UPJSK", rows, "3")}, [refused("A-ENV-02")],
         {"offices": OFFICE_TABLE + [[VISITS, "15", "見本通所介護"]]})

    plan1 = {"csv_version": "202208", **HANAKO.key(), "created_date": "20250201", "planner_name": HANAKO.planner,
             "planner_office_name": OFFICES[MANAGER][1], "planner_office_no": MANAGER, "plan_date": "20250201",
             "first_plan_date": "20250201", "plan_class": "11", "updater_office": MANAGER}
    plan2 = {"csv_version": "202208", **HANAKO.key(), "created_date": "20250201", "plan_date": "20250201", "need_no": "1",
             "need": "見本の課題", "goal_no": "1", "long_goal": "見本の目標", "short_goal": "見本の目標", "support_no": "1",
             "service_content": "見本の支援", "insurance_target": "Y", "service_kind": "訪問介護", "service_office_no": VISITS,
             "updater_office": MANAGER}
    person = {**hosoku(HANAKO, "000000", "3"), "plan_date": "20250201"}
    care_plan = {f"UP1KYO_{MANAGER}_{VISITS}_{SERIAL}.CSV": standard("UP1KYO", [plan1], "3"),
                 f"UP2KYO_{MANAGER}_{VISITS}_{SERIAL}.CSV": standard("UP2KYO", [plan2], "3"),
                 old_name("UPHOSOKU", MANAGER, VISITS, month="000000"): standard("UPHOSOKU", [person], "3")}
    case(d, "plan_without_weekly_table", care_plan, [refused("A-EDI-03", "A-CHK-01", rules=["R-BND-02"])], tables)
    case(d, "edition_that_does_not_exist", {name: standard("UPJSK", rows, "3")}, [refused("A-EDI-04")], tables, edition="5.0")
    now = schedule(FULL_MONTH)
    out_case(d, "schedule_of_edition_4_1", {new_name(kind, MANAGER, VISITS): standard(kind, now[kind]) for kind in now},
             {old_name(kind, MANAGER, VISITS, month=MONTH): standard(kind, down(now[kind]), "3") for kind in now}, ["A-LOSS-01"])
    out_case(d, "basics_have_no_place", {f"UPKIHON_{MANAGER}_46_{SECOND_MANAGER}_43_{SERIAL}.CSV": standard("UPKIHON", [basics()])},
             None, ["A-LOSS-02", "A-EDI-05"])
    case(d, "another_number_of_columns", {name: standard("UPJSK", actual(visits), "4.1")}, [refused("A-CSV-02")], tables)


# --- B: std-v4-loose ---


def new_name(kind, source, target, serial=SERIAL, month=MONTH, extension="CSV", types=True):
    def part(office):
        return f"{office}_{OFFICES[office][0] if types else ''}" if office else "_"
    return f"{kind}_{month}_{part(source)}_{part(target)}_{serial}.{extension}"


def loose(key, text):
    """The standard's texts as careless software writes them."""
    if key == "csv_version":
        return "202410"
    if key in ("start_time", "end_time") and text != "9999":
        return f"{int(text[:2])}:{text[2:]}"
    if key in ("service_date", "created_date"):
        return f"{text[:4]}/{int(text[4:6])}/{int(text[6:])}"
    if key in ("insurer_no", "insured_no"):
        return text.lstrip("0")
    return text


def make_b():
    d = "std-v4-loose"
    visits = [(HANAKO, [SHORT])]
    rows = actual(visits)
    name = new_name("UPJSK", VISITS, MANAGER)

    def good(*notes):
        return [a_set(ref(VISITS), ref(MANAGER), {"UPJSK": rows}, notes=notes)]

    def version(number):
        return standard("UPJSK", rows, write=lambda key, text: number if key == "csv_version" else text)

    case(d, "minimal", {name: standard("UPJSK", rows)}, good(), round_trip="yes")
    files = schedule(FULL_MONTH)
    case(d, "full_month", {new_name(kind, MANAGER, VISITS): standard(kind, files[kind], quote="minimal") for kind in files},
         [a_set(ref(MANAGER), ref(VISITS), files)])
    for number in ("202410", "202504"):
        case(d, f"version_{number}", {name: version(number)}, good("A-VAL-04"))
    case(d, "lf_without_last_line_end", {name: standard("UPJSK", rows, end="\n", last=False)}, good())
    case(d, "everything_quoted", {name: standard("UPJSK", rows, quote="all")}, good())
    case(d, "lower_case_extension", {new_name("UPJSK", VISITS, MANAGER, extension="csv"): standard("UPJSK", rows)}, good())
    commas = standard("UPJSK", rows).replace("\r\n", ",\r\n")
    case(d, "comma_at_the_end_of_every_row", {name: commas}, good())
    case(d, "comma_at_the_end_of_one_row", {name: standard("UPJSK", rows).replace("\r\n", ",\r\n", 1)}, [refused("A-CSV-02")])
    swapped = f"UPJSK_{MONTH}_{VISITS}_43_{MANAGER}_11_{SERIAL}.CSV"
    case(d, "swapped_service_types", {swapped: standard("UPJSK", rows)}, good("A-FILL-03"))
    no_target = f"UPJSK_{MONTH}_{VISITS}_11___{SERIAL}.CSV"
    case(d, "empty_destination", {no_target: standard("UPJSK", rows)}, good("A-FILL-01"), to=ref(MANAGER))
    case(d, "empty_destination_not_told", {no_target: standard("UPJSK", rows)}, [refused("A-ENV-01")])
    case(d, "empty_service_types", {new_name("UPJSK", VISITS, MANAGER, types=False): standard("UPJSK", rows)}, good("A-ENV-03"),
         {"offices": OFFICE_TABLE})
    case(d, "clock_times_and_unpadded_numbers", {name: standard("UPJSK", rows, write=loose)}, good("A-VAL-04"))
    case(d, "header_row", {name: standard("UPJSK", rows, header=True)}, good("A-HEAD-06"))
    case(d, "damaged_version_is_no_header",
         {name: standard("UPJSK", rows).replace("202407", "2024x7", 1)}, [refused("A-CHK-01", rules=["R-CODE-01"])])
    with_zero = "0970100055"
    OFFICES[with_zero] = ("11", "九桁訪問介護事業所")
    nine = actual([(HANAKO, [Service(with_zero, "111111", 244, [2], "0900", "0930")])])
    case(d, "office_number_of_9_digits",
         {f"UPJSK_{MONTH}_{with_zero[1:]}_11_{MANAGER}_43_{SERIAL}.CSV":
          standard("UPJSK", nine)},
         [a_set(ref(with_zero), ref(MANAGER), {"UPJSK": nine}, notes=["A-FILL-02"])])
    del OFFICES[with_zero]
    merged = actual([(TARO, [TWICE])])
    case(d, "merged_visits", {name: standard("UPJSK", merged)}, [a_set(ref(VISITS), ref(MANAGER), {"UPJSK": merged})])
    case(d, "deletion_name_over_a_record", {new_name("DLTJSK", VISITS, MANAGER): standard("UPJSK", rows)}, [refused("A-NAME-02")])
    case(d, "upkhon", {f"UPKHON_{MANAGER}_46_{SECOND_MANAGER}_43_{SERIAL}.CSV": standard("UPKIHON", [basics()])},
         [a_set(f"{MANAGER}:46", ref(SECOND_MANAGER), {"UPKIHON": [basics()]})])
    case(d, "basics_with_a_zero_month", {f"UPKIHON_000000_{MANAGER}_46_{SECOND_MANAGER}_43_{SERIAL}.CSV": standard("UPKIHON", [basics()])},
         [a_set(f"{MANAGER}:46", ref(SECOND_MANAGER), {"UPKIHON": [basics()]})])
    case(d, "name_copied_from_a_pdf", {name.replace("_", "\u0332"): standard("UPJSK", rows)}, [refused("A-NAME-01")])
    case(d, "service_types_of_three_characters", {name.replace("_11_", "_111_"): standard("UPJSK", rows)}, [refused("A-NAME-01")])
    case(d, "month_that_does_not_exist", {name.replace(MONTH, "202613", 1): standard("UPJSK", rows)}, [refused("A-NAME-03")])
    blank = [{**row, "service_office_name": "　" + row["service_office_name"]} for row in rows]
    out_case(d, "text_that_does_not_come_back", {name: standard("UPJSK", blank)}, None, ["A-BACK-01"])
    case(d, "impossible_day", {name: standard("UPJSK", rows, write=lambda key, text: "20261232" if key == "service_date" else text)},
         [refused("A-CHK-01", rules=["R-DATE-01"])])
    gaiji = standard("UPJSK", rows).encode("cp932").replace(HANAKO.planner.encode("cp932"), b"\xf0\x40")
    case(d, "gaiji", {name: gaiji}, [refused("A-ENC-04")])
    case(d, "broken_quotes", {name: standard("UPJSK", rows).replace('"', "", 1)}, [refused("A-CSV-01")])
    case(d, "utf16", {name: standard("UPJSK", rows).encode("utf-16-le")}, [refused("A-ENC-01")])


# --- C: web-utf8-wide ---

WIDE = ["保険者番号", "被保険者番号", "利用者名", "居宅支援事業所番号", "担当ケアマネジャー", "事業所番号", "枝番", "サービス名", "開始", "終了", "単位数",
        "TAISコード", "届出コード", "用具名", "明細番号", "30日超"]
WIDE += [f"予定{day}" for day in range(1, 32)] + [f"実績{day}" for day in range(1, 32)]


def clock(text, digits=2):
    return "" if text == "9999" else f"{int(text[:2]):0{digits}}:{text[2:]}"


def wide_row(person, service, planned=(), name=None):
    head = [person.insurer, person.insured, person.name, person.manager, person.planner, service.office, service.satellite,
            name or SERVICE_NAMES[service.code], clock(service.start) or "-", clock(service.end) or "-", service.units, service.tais, "",
            service.item, service.detail, service.over if service.over == "0" else "○"]
    plan = ["1" if day in planned else "" for day in range(1, 32)]
    return head + plan + [service.count if day in service.days else "" for day in range(1, 32)]


def wide_file(rows, header=None):
    return b"\xef\xbb\xbf" + lines([header or WIDE] + rows, "all").encode("utf-8")


def wide_name(person, office=VISITS):
    return f"DLTJSK_{MONTH}_{office}_{OFFICES[office][0]}_{SERIAL}_{person.insured}.csv"


def make_c():
    d = "web-utf8-wide"
    tables = {"offices": OFFICE_TABLE, "services": SERVICE_TABLE, "people": people(HANAKO, TARO)}
    told = ["A-ENV-03", "A-FILL-01", "A-LOOK-03"]

    def rows_of(month, office=None):
        return actual(of_office(month, office) if office else month, office_name=False)

    def good(office, month, *more, notes=()):
        return [a_set(ref(office), ref(MANAGER), {"UPJSK": rows_of(month, office)}, notes=[*told, *notes]), *more]

    minimal = [(HANAKO, [SHORT])]
    case(d, "minimal", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT)])}, good(VISITS, minimal), tables,
         round_trip="yes")
    case(d, "name_without_the_person", {wide_name(HANAKO).replace("_" + HANAKO.insured, ""): wide_file([wide_row(HANAKO, SHORT)])},
         good(VISITS, minimal), tables)

    files, sets = {}, []
    for office in (VISITS, RENTAL, STAYS):
        month = of_office(FULL_MONTH, office)
        for person, services in month:
            files[wide_name(person, office)] = wide_file([wide_row(person, service) for service in services])
        sets += good(office, FULL_MONTH)
    case(d, "full_month", files, sets, tables, round_trip="yes")

    plan = table6(HANAKO, SHORT, 2, office_name=False), table6(HANAKO, SHORT, 30, office_name=False)
    case(d, "planned_days_are_read_for_comparing", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT, planned=(2, 30))])},
         [*good(VISITS, minimal), a_set(ref(MANAGER), ref(VISITS), {"UPPLAN": list(plan)}, state="partial",
                                        notes=[*told, "A-PART-01"])],
         tables)
    case(d, "unknown_service_name", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT, name="どこにもない名前")])},
         [refused("A-LOOK-01")], tables)
    twice = SERVICE_TABLE + [[SERVICE_NAMES["111111"], "111119"]]
    case(d, "ambiguous_service_name", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT)])}, [refused("A-LOOK-02")],
         {**tables, "services": twice})
    header = [name for name in WIDE if name not in ("単位数", "終了")]
    case(d, "missing_columns", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT)[:len(header)]], header)},
         [refused("A-HEAD-02")], tables)
    case(d, "doubled_column", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT) + [""]], WIDE + ["単位数"])},
         [refused("A-HEAD-03")], tables)
    case(d, "column_that_is_not_used", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT) + ["メモ"]], WIDE + ["備考"])},
         good(VISITS, minimal, notes=["A-HEAD-04"]), tables)
    odd = wide_row(HANAKO, SHORT)
    odd[WIDE.index("実績2")] = "×"
    elsewhere = wide_row(MOVED, LONG)
    elsewhere[WIDE.index("実績5")] = ""
    elsewhere[WIDE.index("実績12")] = "×"
    elsewhere[WIDE.index("予定5")] = "1"
    case(d, "a_day_that_cannot_be_read_beside_good_rows",
         {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT)]),
          wide_name(MOVED): wide_file([wide_row(MOVED, SHORT), elsewhere])},
         [*good(VISITS, minimal), refused("A-DAY-02"), refused("A-DAY-02")], tables)
    case(d, "a_day_that_cannot_be_read", {wide_name(HANAKO): wide_file([odd])}, [refused("A-DAY-02")], tables)
    empty = wide_row(HANAKO, SHORT)
    empty[0] = ""
    case(d, "required_item_empty", {wide_name(HANAKO): wide_file([empty])}, [refused("A-VAL-02")], tables)
    case(d, "no_rows", {wide_name(HANAKO): wide_file([])}, [refused("A-REC-05")], tables)
    unwritable = Person("A004", "0000000104", HANAKO.name, HANAKO.kana, "2", "19400215", "22", MANAGER, "𠮷野　見本")
    case(d, "character_outside_ms932", {wide_name(unwritable): wide_file([wide_row(unwritable, SHORT)])}, [refused("A-ENC-02")],
         tables)
    case(d, "name_of_something_else", {"users.csv": wide_file([wide_row(HANAKO, SHORT)])}, [refused("A-NAME-01")], tables)

    own = (ROOT / "adapters/profiles/web-utf8-wide.yaml").read_text(encoding="utf-8")
    own = own.replace("dialect: web-utf8-wide", "dialect: own-wide")

    def own_case(name, files, sets, old, new):
        assert old in own
        case(d, name, files, sets, tables, dialects={"own-wide.yaml": own.replace(old, new)}, dialect="own-wide")

    blank = [cell.replace("-", "") if i in (8, 9) else cell for i, cell in enumerate(wide_row(HANAKO, BONUS))]
    case(d, "times_left_empty", {wide_name(HANAKO): wide_file([blank])}, good(VISITS, [(HANAKO, [BONUS])]), tables)
    two = wide_file([wide_row(HANAKO, SHORT), odd])
    own_case("own_dialect_skips_rows", {wide_name(HANAKO): two}, good(VISITS, minimal, notes=["A-SKIP-01"]), "layout: L1",
             "layout: L1\non_row_error: skip_and_report")
    own_case("own_dialect_with_a_limit", {wide_name(HANAKO): two}, [refused("A-CSV-03")], "layout: L1",
             "layout: L1\nlimits: {rows: 2}")
    wave = Person("A001", HANAKO.insured, HANAKO.name, HANAKO.kana, "2", "19400215", "22", MANAGER, "架空\u301c支子")
    case(d, "wave_dash", {wide_name(wave): wide_file([wide_row(wave, SHORT)])},
         good(VISITS, [(wave, [SHORT])], notes=["A-ENC-03"]), tables)
    own_case("own_dialect_folds_nothing", {wide_name(wave): wide_file([wide_row(wave, SHORT)])}, [refused("A-ENC-02")],
             "on_unmappable: replace-and-report", "on_unmappable: reject")
    case("none", "two_dialects_fit", {wide_name(HANAKO): wide_file([wide_row(HANAKO, SHORT)])}, [refused("A-DET-02")], tables,
         dialects={"own-wide.yaml": own})

    planned = schedule([(HANAKO, [SHORT])])
    source = {new_name(kind, MANAGER, VISITS): standard(kind, planned[kind]) for kind in planned}
    shown = Service(VISITS, "111111", 244, [], "0900", "0930")
    out_case(d, "schedule_as_planned_days", source,
             {f"DLTJSK_{MONTH}_{MANAGER}_43_{SERIAL}_{HANAKO.insured}.csv": wide_file([wide_row(HANAKO, shown, planned=SHORT.days)])},
             ["A-LOSS-01", "A-LOSS-02"], {"offices": OFFICE_TABLE, "services": SERVICE_TABLE})
    rows = {new_name("UPJSK", VISITS, MANAGER): standard("UPJSK", actual(minimal))}
    nameless = wide_row(HANAKO, SHORT)
    nameless[WIDE.index("利用者名")] = ""
    out_case(d, "person_without_a_name", rows, {wide_name(HANAKO): wide_file([nameless])}, ["A-LOOK-04", "A-LOSS-01"],
             {"offices": OFFICE_TABLE, "services": SERVICE_TABLE})
    out_case(d, "service_without_a_name", rows, None, ["A-LOOK-01"], {"offices": OFFICE_TABLE, "people": people(HANAKO)})
    delete = {"csv_version": "202407", **HANAKO.key(), "target_month": MONTH, "service_office_no": VISITS, "service_type": "11"}
    out_case(d, "deletion_has_no_place", {new_name("DLTJSK", VISITS, MANAGER): standard("DLTJSK", [delete])}, None, ["A-LOSS-03"],
             tables)


# --- D: header-mapped ---

LEVELS = {"22": "要介護2", "23": "要介護3"}
SEXES = {"1": "男", "2": "女"}
LIST = ["保険者番号", "被保険者番号", "氏名", "フリガナ", "性別", "生年月日", "郵便番号", "住所", "住所２", "電話番号", "認定日", "認定有効期間－開始日",
        "認定有効期間－終了日", "認定状況", "要介護状態変更日", "要介護度", "前回要介護度", "支給限度額", "支援事業所（正式名称）"]


def slashes(text):
    return f"{text[:4]}/{text[4:6]}/{text[6:]}"


def list_row(record):
    return [record["insurer_no"], record["insured_no"], record["name"], record["name_kana"], SEXES[record["sex"]],
            slashes(record["birth_date"]), record["postal_code"], record["address1"], "", record["phone"], slashes(record["cert_date"]),
            slashes(record["limit_from"]), slashes(record["limit_to"]), "認定済", slashes(record["care_level_changed"]),
            LEVELS[record["care_level"]], LEVELS[record["prev_care_level"]], f"{int(record['limit_units']):,}", OFFICES[MANAGER][1]]


def listed(person):
    record = hosoku(person, MONTH)
    return {key: text for key, text in record.items() if key not in ("total_over_units", "consent_receiver", "updater_office")}


def make_d():
    d = "header-mapped"
    options = {"from": ref(MANAGER), "to": ref(VISITS), "month": MONTH}
    told = ["A-FILL-01", "A-PART-01"]

    def partial(*records, notes=()):
        return [a_set(ref(MANAGER), ref(VISITS), {"UPHOSOKU": list(records)}, state="partial", serial=OWN_SERIAL,
                      notes=[*told, *notes])]

    hanako, taro = listed(HANAKO), listed(TARO)
    case(d, "minimal", {"利用者一覧.csv": lines([LIST, list_row(hanako)])}, partial(hanako), **options)
    case(d, "full_month", {"利用者一覧.csv": lines([LIST, list_row(hanako), list_row(taro)])}, partial(hanako, taro), **options)
    title = [["利用者台帳"], ["出力日", "2027/1/5"]]
    case(d, "title_lines", {"利用者一覧.csv": lines(title + [LIST, list_row(hanako)])}, partial(hanako), **options)
    order = list(reversed(range(len(LIST))))
    alias = {"被保険者番号": "被保番", "氏名": "利用者氏名", "電話番号": "TEL", "認定有効期間－開始日": "認定開始日", "認定有効期間－終了日": "認定終了日"}
    header = [alias.get(LIST[i], LIST[i]) for i in order]
    case(d, "free_order_and_aliases", {"site_a/利用者一覧.csv": lines([header, [list_row(hanako)[i] for i in order]])},
         partial(hanako), **options)
    mixed = list_row(hanako)
    mixed[LIST.index("生年月日")] = "昭和15年2月15日"
    mixed[LIST.index("認定日")] = "20260320"
    mixed[LIST.index("認定有効期間－開始日")] = "R8.4.1"
    mixed[LIST.index("認定有効期間－終了日")] = "2027-03-31"
    case(d, "mixed_forms_of_dates", {"利用者一覧.csv": lines([LIST, mixed])}, partial(hanako, notes=["A-VAL-04"]), **options)

    before = {**hanako, "limit_from": "20250401", "limit_to": "20260331", "care_level": "23"}
    after = {**hanako, "limit_from": "20270401", "limit_to": "20280331"}
    generations = lines([LIST, list_row(before), list_row(hanako), list_row(after)])
    case(d, "several_generations", {"利用者一覧.csv": generations}, partial(hanako, notes=["A-KEY-03"]), **options)
    stale = {**hanako, "care_level": "23"}
    case(d, "stale_file_contradicts", {"site_a/利用者一覧.csv": lines([LIST, list_row(hanako)]),
                                       "site_b/利用者一覧.csv": lines([LIST, list_row(stale)])}, [refused("A-KEY-01")], **options)
    case(d, "same_content_twice", {"site_a/利用者一覧.csv": lines([LIST, list_row(hanako)]),
                                   "site_b/利用者一覧.csv": lines([LIST, list_row(hanako)])},
         partial(hanako, notes=["A-KEY-02"]), **options)
    unknown = list_row(hanako)
    unknown[LIST.index("要介護度")] = "要介護9"
    case(d, "unknown_word_of_a_code", {"利用者一覧.csv": lines([LIST, unknown])}, [refused("A-VAL-03")], **options)
    wrong = list_row(hanako)
    wrong[LIST.index("生年月日")] = "昭和15年2月30日"
    case(d, "impossible_date", {"利用者一覧.csv": lines([LIST, wrong])}, [refused("A-VAL-01")], **options)
    now = schedule(FULL_MONTH)
    rows = [list_row(hanako)[:-1] + [""], list_row(taro)[:-1] + [""]]
    out_case(d, "list_of_a_schedule", {new_name(kind, MANAGER, VISITS): standard(kind, now[kind]) for kind in now},
             {f"利用者一覧_{MONTH}.csv": lines([LIST] + rows)}, ["A-LOSS-01", "A-LOSS-02"])
    case(d, "no_header", {"利用者一覧.csv": lines([list_row(hanako)])}, [refused("A-HEAD-01")], **options)


# --- E: preamble-wareki ---

VISIT_LIST = ["日", "曜日", "利用者氏名", "フリガナ", "サービスコード", "開始時間", "終了時間", "回数", "単位数", "サテライト", "用具コード", "届出コード",
              "用具名", "明細", "30日超"]
WEEKDAYS = "火水木金土日月"  # 2026-12-01 is a Tuesday


def visit_row(person, service, day, form="{}日"):
    return [form.format(day), WEEKDAYS[(day - 1) % 7], person.name, person.kana, service.code, clock(service.start, 1) or "終日",
            clock(service.end, 1) or "終日", service.count, f"{int(service.units):,}", service.satellite, service.tais, "", service.item,
            service.detail, "0" if service.over == "0" else "超"]


def visit_file(rows, office=VISITS, month="令和8年12月", title=("サービス提供実績一覧",)):
    head = [[text] for text in title] + [[f"対象年月：{month}"], [f"事業所番号：{office}-{OFFICES[office][0]}"]]
    return lines(head + [VISIT_LIST] + rows, end="\n")


def make_e():
    d = "preamble-wareki"
    tables = {"offices": OFFICE_TABLE, "people": people(HANAKO, TARO)}
    told = ["A-ENV-03", "A-FILL-01", "A-LOOK-03"]
    name = "実績一覧_202612.csv"

    def named(office):
        return f"実績一覧_{MONTH}_{office}_{MANAGER}_{SERIAL}.csv"

    def good(month=((HANAKO, [SHORT]),), office=VISITS, notes=(), serial=OWN_SERIAL):
        rows = actual(of_office(month, office), created=serial[:8], office_name=False)
        return [a_set(ref(office), ref(MANAGER), {"UPJSK": rows}, serial=serial, notes=[*told, *notes])]

    def days(form="{}日", person=HANAKO, service=SHORT):
        return [visit_row(person, service, day, form) for day in service.days]

    case(d, "minimal", {named(VISITS): visit_file(days())}, good(serial=SERIAL), tables, encoding="utf-8", round_trip="yes")
    case(d, "name_without_serial", {name: visit_file(days())}, good(), tables, encoding="utf-8")
    files, sets = {}, []
    for office in (VISITS, RENTAL, STAYS):
        rows = [visit_row(person, service, day) for person, services in of_office(FULL_MONTH, office) for service in services
                for day in service.days]
        files[named(office)] = visit_file(rows, office)
        sets += good(FULL_MONTH, office, serial=SERIAL)
    case(d, "full_month", files, sets, tables, encoding="utf-8", round_trip="yes")
    case(d, "with_bom", {name: b"\xef\xbb\xbf" + visit_file(days()).encode("utf-8")}, good(), tables)
    case(d, "cp932", {name: visit_file(days())}, good(), tables)
    case(d, "month_r0812", {name: visit_file(days(), month="R0812")}, good(), tables, encoding="utf-8")
    case(d, "days_r0812dd", {name: visit_file(days("R0812{:02}"))}, good(notes=["A-VAL-04"]), tables, encoding="utf-8")
    case(d, "bare_days", {name: visit_file(days("{}"))}, good(notes=["A-VAL-04"]), tables, encoding="utf-8")
    wrong = days()
    wrong[1][1] = "月"
    case(d, "wrong_weekday", {name: visit_file(wrong)}, [refused("A-DER-01")], tables, encoding="utf-8")
    dear = Service(VISITS, "111211", 1234, [5], "0900", "1000")
    case(d, "thousands_commas", {name: visit_file(days(service=dear))}, good([(HANAKO, [dear])]), tables, encoding="utf-8")
    full = days()
    for row in full:
        row[4], row[7], row[8] = "１１１１１１", "１", "　２４４　"
        row[2] = row[2].replace("　", " ")
    case(d, "full_width_digits_and_blanks", {name: visit_file(full)}, good(notes=["A-VAL-04"]), tables, encoding="utf-8")
    case(d, "person_unknown", {name: visit_file(days(person=MOVED))}, [refused("A-LOOK-01")], tables, encoding="utf-8")
    namesake = Person("A009", "0000000109", HANAKO.name, HANAKO.kana, "2", "19510101", "22", MANAGER, HANAKO.planner)
    case(d, "person_ambiguous", {name: visit_file(days())}, [refused("A-LOOK-02")],
         {**tables, "people": people(HANAKO, namesake)}, encoding="utf-8")
    case(d, "title_line_missing", {name: visit_file(days()).split("\n", 2)[2]}, [refused("A-HEAD-05")], tables, encoding="utf-8")
    case(d, "day_31_in_a_month_of_30", {name: visit_file(days("{}日", service=Service(VISITS, "111111", 244, [31], "0900", "0930")),
                                                        month="令和8年11月")}, [refused("A-VAL-01")], tables, encoding="utf-8")
    two = [(HANAKO, [SHORT]), (MOVED, [LONG])]
    rows = [visit_row(person, service, day) for person, services in two for service in services for day in service.days]
    sets = good()
    sets.append(a_set(ref(VISITS), ref(SECOND_MANAGER), {"UPJSK": actual(two[1:], created=OWN_SERIAL[:8], office_name=False)},
                      serial="20270106100001", notes=told))
    case(d, "two_care_managers", {name: visit_file(rows)}, sets, {**tables, "people": people(HANAKO, MOVED)}, encoding="utf-8")


# --- F: legacy-wide-typed ---


def typed_person(number, person):
    row = [""] * 63
    row[:6] = [str(number), "10", "01", person.local_id, person.name, person.kana]
    return row


def minutes(service):
    if service.start == "9999":
        return ""
    return str(int(service.end[:2]) * 60 + int(service.end[2:]) - int(service.start[:2]) * 60 - int(service.start[2:]))


def typed_service(number, person, service, month=MONTH):
    row = [""] * 63
    row[:9] = [str(number), "20", "01", person.local_id, month, service.code, minutes(service),
               "" if service.start == "9999" else service.start, "" if service.end == "9999" else service.end]
    for day in service.days:
        row[8 + day] = service.count
    row[40] = str(len(service.days) * int(service.count))
    row[41] = service.units
    row[44:51] = [service.office, service.satellite, service.detail, service.tais, "", service.item.replace(",", "、"), service.over]
    return row


def typed_file(month_of_services, month=MONTH):
    rows = []
    for person, services in month_of_services:
        rows.append(typed_person(len(rows) + 1, person))
        for service in services:
            rows.append(typed_service(len(rows) + 1, person, service, month))
    return rows


def make_f():
    d = "legacy-wide-typed"
    tables = {"offices": OFFICE_TABLE, "people": people(HANAKO, TARO)}
    told = ["A-ENV-03", "A-FILL-01", "A-LOOK-03"]

    def name(office=VISITS, month=MONTH):
        return f"JISSEKI_{month}_{office}_{OFFICES[office][0]}_{SERIAL}.TXT"

    def good(month, office=VISITS, notes=()):
        rows = actual(of_office(month, office), office_name=False)
        for row in rows:
            if "item_name" in row:
                row["item_name"] = row["item_name"].replace(",", "、")
        return [a_set(ref(office), ref(MANAGER), {"UPJSK": rows}, notes=[*told, *notes])]

    minimal = [(HANAKO, [SHORT])]
    case(d, "minimal", {name(): lines(typed_file(minimal), "none")}, good(minimal), tables, round_trip="yes")
    comma = standard("UPJSK", actual([(HANAKO, [BED])]))
    out_case(d, "comma_cannot_be_written", {new_name("UPJSK", RENTAL, MANAGER): comma}, None, ["A-VAL-05"], tables)
    files, sets = {}, []
    for office in (VISITS, RENTAL, STAYS):
        files[name(office)] = lines(typed_file(of_office(FULL_MONTH, office)), "none")
        sets += good(FULL_MONTH, office)
    case(d, "full_month", files, sets, tables, round_trip="yes")
    case(d, "missing_person_line", {name(): lines(typed_file(minimal)[1:], "none")}, [refused("A-REC-02")], tables)
    case(d, "unknown_local_id", {name(): lines(typed_file([(MOVED, [SHORT])]), "none")}, [refused("A-LOOK-01")], tables)
    rows = typed_file(minimal)
    rows.append(["3", "30"] + [""] * 61)
    case(d, "unknown_kind_of_line", {name(): lines(rows, "none")}, [refused("A-REC-01")], tables)
    late = [(HANAKO, [Service(VISITS, "111111", 244, [2, 31], "0900", "0930")])]
    case(d, "day_31_in_a_month_of_30", {name(month="202611"): lines(typed_file(late, "202611"), "none")}, [refused("A-DAY-01")],
         tables)
    rows = typed_file(minimal)
    rows[1][40] = "4"
    case(d, "wrong_total_of_days", {name(): lines(rows, "none")}, [refused("A-DER-01")], tables)
    rows = typed_file(minimal)
    rows[1][6] = "45"
    case(d, "wrong_duration", {name(): lines(rows, "none")}, [refused("A-DER-01")], tables)
    rows = typed_file(minimal)
    rows[1] = rows[1][:60]
    rows.append(typed_service(3, HANAKO, LONG))
    case(d, "line_cut_short", {name(): lines(rows, "none")}, [refused("A-CSV-02")], tables)


# --- G: kokuhoren-ctl ---


def claim(person, service, month=MONTH):
    count = len(service.days) * int(service.count)
    return {"exchange_id": "7131", "target_month": month, "service_office_no": service.office, "insurer_no": person.insurer,
            "insured_no": person.insured, "service_code": service.code, "units": service.units, "count": str(count),
            "service_units": str(int(service.units) * count)}


def claim_file(records, count=None, end=True, quote=False):
    def text(value):
        return cell(value, quote)

    total = len(records) if count is None else count
    out = [f"1,0,{total},{text('711')},{text(VISITS)},{MONTH}"]
    for number, record in enumerate(records, 1):
        out.append(",".join(["2", str(number), text(record["exchange_id"]), record["target_month"], text(record["service_office_no"]),
                             text(record["insurer_no"].zfill(8)[2:]), text(record["insured_no"]), text(record["service_code"]),
                             record["units"].zfill(6), record["count"].zfill(2), record["service_units"].zfill(8)]))
    if end:
        out.append(f"3,{len(records) + 1}")
    return "\r\n".join(out) + "\r\n"


def make_g():
    d = "kokuhoren-ctl"
    options = {"from": ref(VISITS), "to": ref(MANAGER)}

    def good(month, *notes):
        records = [claim(person, service) for person, services in of_office(month, VISITS) for service in services]
        return [a_set(ref(VISITS), ref(MANAGER), {"CLAIM": records}, state="partial", serial=OWN_SERIAL,
                      notes=["A-FILL-01", "A-PART-01", "A-VAL-04", *notes])]

    def records(month):
        return [claim(person, service) for person, services in of_office(month, VISITS) for service in services]

    minimal = [(HANAKO, [SHORT])]
    case(d, "minimal", {"SEIKYU01.CSV": claim_file(records(minimal))}, good(minimal), **options)
    case(d, "full_month", {"SEIKYU01.CSV": claim_file(records(FULL_MONTH))}, good(FULL_MONTH), **options)
    case(d, "quoted_items", {"SEIKYU01.CSV": claim_file(records(minimal), quote=True)}, good(minimal), **options)
    case(d, "wrong_count", {"SEIKYU01.CSV": claim_file(records(FULL_MONTH), count=9)}, [refused("A-REC-03")], **options)
    case(d, "missing_end", {"SEIKYU01.CSV": claim_file(records(FULL_MONTH), end=False)}, [refused("A-REC-04")], **options)
    case(d, "rows_behind_the_end", {"SEIKYU01.CSV": claim_file(records(minimal)) + claim_file(records(minimal)).split("\r\n")[1] + "\r\n"},
         [refused("A-REC-04")], **options)


# --- H: life-header-en ---


def keyed(kind, rows):
    keys = [key for key, _, _ in ITEMS["4.1"][kind]]
    return lines([keys] + [[row.get(key, "") for key in keys] for row in rows], "all").encode("utf-8")


def keyed_name(kind, source, target, month=MONTH):
    return new_name(kind, source, target, month=month, extension="txt")


def make_h():
    d = "life-header-en"
    rows = actual([(HANAKO, [SHORT])])
    good = [a_set(ref(VISITS), ref(MANAGER), {"UPJSK": rows})]
    case(d, "minimal", {keyed_name("UPJSK", VISITS, MANAGER): keyed("UPJSK", rows)}, good)
    case(d, "folder_of_the_serial", {f"{SERIAL}/" + keyed_name("UPJSK", VISITS, MANAGER): keyed("UPJSK", rows)}, good,
         round_trip="yes")
    files = schedule(FULL_MONTH)
    case(d, "full_month", {f"{SERIAL}/" + keyed_name(kind, MANAGER, VISITS): keyed(kind, files[kind]) for kind in files},
         [a_set(ref(MANAGER), ref(VISITS), files)], round_trip="yes")
    keys = [key for key, _, _ in ITEMS["4.1"]["UPJSK"]]
    turned = lines([keys[::-1]] + [[row.get(key, "") for key in keys[::-1]] for row in rows], "all")
    case(d, "free_order", {keyed_name("UPJSK", VISITS, MANAGER): turned}, good)
    gap = lines([keys[:24] + [""] + keys[24:]] + [[row.get(key, "") for key in keys] for row in rows], "all")
    case(d, "header_wider_than_its_rows", {keyed_name("UPJSK", VISITS, MANAGER): gap}, [refused("A-CSV-02")])
    case(d, "not_utf8", {keyed_name("UPJSK", VISITS, MANAGER): keyed("UPJSK", rows).decode("utf-8").encode("cp932")}, good)
    case(d, "broken_multi_line_text",
         {keyed_name("UPJSK", VISITS, MANAGER): keyed("UPJSK", rows).replace("見本訪問介護事業所".encode(), "見本\r\n訪問".encode())},
         [a_set(ref(VISITS), ref(MANAGER), {"UPJSK": [{**row, "service_office_name": "見本\r\n訪問"} for row in rows]})])


# --- no dialect at all ---


def make_none():
    case("none", "unknown_form", {"読めません.dat": "これは,介護ソフト,のファイルではありません\r\n"}, [refused("A-DET-01")])


def main():
    for make in (make_a, make_b, make_c, make_d, make_e, make_f, make_g, make_h, make_none):
        make()
    root = HERE / "fixtures"
    kept = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != "report.json"}
    if "--check" in sys.argv[1:]:
        wrong = sorted(kept ^ CASES.keys())
        wrong += sorted(path for path in kept & CASES.keys() if (root / path).read_bytes() != CASES[path])
        for path in wrong:
            print(f"tests/adapters/fixtures/{path}: not as make_fixtures.py makes it")
        return 1 if wrong else 0
    for path in kept - CASES.keys():
        (root / path).unlink()
    for path, data in CASES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    for report in root.rglob("report.json"):
        if not (report.parent / "options.yaml").exists():
            report.unlink()
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main())
