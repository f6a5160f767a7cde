// node write-code-cache.cjs PROGRAM CACHE [WORD...]: runs the program once with these words and stores what V8 has compiled of it.
'use strict';
const { writeFileSync } = require('node:fs');
const { resolve } = require('node:path');
const vm = require('node:vm');

const [program, cache] = process.argv.slice(2, 4).map((path) => resolve(path));
let script;

vm.Script = class extends vm.Script {
  constructor(...args) {
    super(...args);
    script = this;
  }
};

process.argv = [process.execPath, program, ...process.argv.slice(4)];
process.on('exit', () => {
  writeFileSync(cache, script.createCachedData());
  process.exitCode = 0; // a machine that runs no container has a cache of all up to there
});
require(program);
