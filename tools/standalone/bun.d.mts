/** How npx is asked for the Bun that compiles the commands. */
export const BUN: readonly string[];
