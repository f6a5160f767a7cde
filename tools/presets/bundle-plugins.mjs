/**
 * What is left out of the bundle of a command: plugins for esbuild.
 *
 * Modules of ours that are imported while a program runs: esbuild would put all that they need, which is most of the bundle, into
 * functions that set it up piece by piece, and it were no flat scope any more that can be split. No command does what they are for, so that
 * the imports go with what would do it; one that stays is refused by pack.mjs. Packages are put in all the same: those that are imported
 * so are CommonJS, which is in functions anyhow.
 */
const ownLaterImports = {
  name: 'own-later-imports',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/** The client for D-Bus reads descriptions of interfaces with them, and talks to buses behind programs: nobody asks it to. */
const OF_CLIENT = /^(xml2js|event-stream)$/;

const unusedByClient = {
  name: 'unused-by-client',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: OF_CLIENT }, ({ path, importer }) =>
      importer.includes('/dbus-native/') ? { path, namespace: 'unused' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'unused' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get() { throw new Error('${path} is not in this program') } });`,
    }));
  },
};

export const BUNDLE_PLUGINS = [ownLaterImports, unusedByClient];
