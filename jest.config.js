import { existsSync, readdirSync } from 'node:fs';

const root = import.meta.dirname;
const projects = ['packages', 'apps', 'tools', 'examples']
  .filter((group) => existsSync(`${root}/${group}`))
  .flatMap((group) => readdirSync(`${root}/${group}`).map((name) => `${root}/${group}/${name}`))
  .filter((directory) => existsSync(`${directory}/jest.config.js`));

/** Every directory of the workspace that says how it is tested. */
// A busy machine is no failure; what hangs is found all the same.
export default { projects, testTimeout: 60_000 };
