/*
 * Preloaded (`node --import without.js?without=NAME`) into a process that is to run without defences. It ends when the text of the
 * defence isn't found exactly once in a file that is loaded.
 */
import { defenceNamed } from '../defences/defences.js';
import { rewritten } from '../defences/removal.js';
import { rewriteAsLoaded } from './rewriting.js';

const names = new URL(import.meta.url).searchParams.getAll('without');
const removals = names.filter(Boolean).flatMap((name) => defenceNamed(name).removals);
if (removals.length > 0) rewriteAsLoaded((file, source) => rewritten(removals, file, source));
