/** Where things are on this machine, and who one may be: for a command that starts nothing. The rest of the library loads the engines' clients. */
export { cacheDir, repoRoot } from './repo-root.js';
export { devToken } from './dev-token.js';
export { embeddedOwnerUrl } from './owner-url.js';
export { isAlive } from './ports.js';
export { kafkaUserOf } from './kafka-users.js';
