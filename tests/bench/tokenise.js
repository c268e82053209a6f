// What the check is compared with: the CSV readers of npm splitting the same file into cells, nothing else. The text is
// decoded before the clock starts; the best round counts, as in check_bench.cpp in processor time of this process, so the
// first ones, in which the engine warms up, do not.
//     node tokenise.js csv-parse|papaparse FOLDER ROUNDS      prints "<seconds> <cells>"
"use strict";
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");

const readers = {
  "csv-parse": () => {
    const { parse } = require("csv-parse/sync");
    return (text) => parse(text, { relax_column_count: true });
  },
  papaparse: () => {
    const { parse } = require("papaparse");
    return (text) => parse(text, { delimiter: ",", newline: "\r\n" }).data;
  },
};

const [name, folder, rounds] = process.argv.slice(2);
const split = readers[name]();
const decoder = new TextDecoder("shift_jis");
const texts = readdirSync(folder).map((file) => decoder.decode(readFileSync(join(folder, file))));

const processorSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

let best = Infinity;
let cells = 0;
for (let round = 0; round < Number(rounds); ++round) {
  const start = processorSeconds();
  const tables = texts.map(split);
  best = Math.min(best, processorSeconds() - start);
  cells = tables.flat().reduce((sum, row) => sum + (row.length > 1 ? row.length : 0), 0);
}
console.log(best, cells);
