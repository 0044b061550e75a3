/*
 * Preloaded (`node --import`) into a process that is to run without the defence `COUNTERSIGN_WITHOUT` names. It ends when the text of
 * the defence isn't found exactly once in a file that is loaded.
 */
import { defenceNamed } from '../defences/defences.js';
import { rewritten } from '../defences/removal.js';
import { rewriteAsLoaded } from './rewriting.js';

const name = process.env['COUNTERSIGN_WITHOUT'];
if (name) {
  const { removals } = defenceNamed(name);
  rewriteAsLoaded((file, source) => rewritten(removals, file, source));
}
