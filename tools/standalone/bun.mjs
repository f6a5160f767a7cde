/** How npx is asked for the Bun that compiles the commands. */
export const BUN = ['--yes', '--loglevel=error', '--package=bun@1.4.5', 'bun'];
