// node trial-run.cjs REQUEST: runs a packed program as it is mostly run, and stores what V8 knows of its text after that. The
// request is JSON: the program; trials, the words it is run with, one after the other; uid, to run it as that user; report, the
// file to be written; what, 'ran' for where the functions began that each trial ran, and how often it did, or 'compiled' for V8's
// code cache of each file that was read.
'use strict';
const { openSync, writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const { basename } = require('node:path');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');

const { program, trials, uid, report, what } = JSON.parse(process.argv[2]);
const file = openSync(report, 'w'); // while it may be written

/** What a trial has ended is to be gone, and buried, when the next one looks. */
const PAUSE_MS = 50;

/** By their file: trials that read the same one have the same script. */
const scripts = new Map();
vm.Script = new Proxy(vm.Script, {
  construct(Script, [text, options]) {
    const known = scripts.get(options.filename);
    if (known) return known;
    if (uid !== undefined && scripts.size === 0) become(uid); // what the text was read from may be root's alone
    const script = new Script(text, options);
    scripts.set(options.filename, script);
    return script;
  },
});

/** Root of a container may have no other user to become: nothing is learned of him then. */
function become(id) {
  try {
    process.setgroups([]);
    process.setgid(id);
    process.setuid(id);
  } catch {
    writeFileSync(file, '[]');
    process.reallyExit(0);
  }
}

/** What was found out about the trials that are over. */
const tried = [];
let words;

function next() {
  if (words) endTrial();
  words = trials.shift();
  if (!words) return;
  process.argv = [process.execPath, program, ...words];
  delete require.cache[program];
  require(program);
  setImmediate(() => {}); // without another turn of the loop nobody asks for the next
}

/** Counting begins anew for the next one. */
function endTrial() {
  if (what === 'ran') tried.push({ words, ran: ran() });
}

function ran() {
  const urls = [...scripts.keys()].map((file) => pathToFileURL(file).href);
  const seen = ask('Profiler.takePreciseCoverage').result.filter(({ url }) => urls.includes(url));
  return seen.flatMap(({ functions }) =>
    functions.flatMap(({ ranges: [{ startOffset, count }] }) => (count > 0 ? [[startOffset, count]] : [])),
  );
}

function compiled() {
  const caches = [...scripts].map(([file, script]) => [basename(file), script.createCachedData().toString('base64')]);
  return Object.fromEntries(caches);
}

const session = new Session();
function ask(method, options) {
  let answer;
  session.post(method, options, (error, result) => {
    if (error) throw error;
    answer = result;
  });
  return answer;
}

if (what === 'ran') {
  session.connect();
  ask('Profiler.enable');
  ask('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
}
process.on('exit', () => {
  if (words) endTrial();
  writeFileSync(file, JSON.stringify(what === 'ran' ? tried : compiled()));
  process.exitCode = 0; // on a machine that runs no container it is all up to there
});
process.on('beforeExit', () => {
  if (words) setTimeout(next, PAUSE_MS);
});
next();
