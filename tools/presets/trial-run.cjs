// node trial-run.cjs REQUEST: runs a packed program as it is mostly run, and stores what V8 knows of its text after that. The
// request is JSON: the program; trials, the words it is run with, one after the other; uid, to run it as that user; report, the
// file to be written; what, 'ran' for where the functions begin that ran, or 'compiled' for V8's code cache.
'use strict';
const { openSync, writeFileSync } = require('node:fs');
const { Session } = require('node:inspector');
const { pathToFileURL } = require('node:url');
const vm = require('node:vm');

const { program, trials, uid, report, what } = JSON.parse(process.argv[2]);
const file = openSync(report, 'w'); // while it may be written

let script;
let filename;
vm.Script = new Proxy(vm.Script, {
  construct(Script, [text, options]) {
    if (script) return script; // all trials end up in the same one
    filename = options.filename;
    if (uid !== undefined) become(uid); // what the text was read from may be root's alone
    script = new Script(text, options);
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

function next() {
  const words = trials.shift();
  if (!words) return;
  process.argv = [process.execPath, program, ...words];
  delete require.cache[program];
  require(program);
  setImmediate(() => {}); // without another turn of the loop nobody asks for the next
}

function ran() {
  const { href } = pathToFileURL(filename);
  const { functions } = ask('Profiler.takePreciseCoverage').result.find(({ url }) => url === href);
  const began = functions.map(({ ranges: [whole] }) => whole).filter(({ count }) => count > 0);
  return JSON.stringify(began.map(({ startOffset }) => startOffset));
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
  writeFileSync(file, what === 'ran' ? ran() : script.createCachedData());
  process.exitCode = 0; // on a machine that runs no container it is all up to there
});
process.on('beforeExit', next);
next();
