import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  checkpointLine,
  Frontier,
  headerLine,
  leafText,
  originOf,
  readExport,
  rowLine,
  signCheckpoint,
  signWritten,
  verifyExport,
  type StoredRecord,
} from '@countersign/evidence';
import { leafHash, Signer } from '@countersign/signing';

const TENANT = 'acme';
const EVERY = 1000;
const PIECE = 64 * 1024;

export interface VerifyPace {
  events: number;
  /** Verified of an export, on one core. */
  perSecond: number;
  ok: boolean;
}

/** How fast an export of these rows is verified, as `audit verify FILE` does: the best of three, since machines are shared. */
export async function verifyPace(rows: StoredRecord[]): Promise<VerifyPace> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pieces = piecesOf(exportOf(rows, new Signer(privateKey)));
  let perSecond = 0;
  let ok = true;
  for (let n = 0; n < 3; n++) {
    const began = performance.now();
    const verdict = await verifyExport(readExport(Readable.from(pieces)), { keys: [publicKey] });
    perSecond = Math.max(perSecond, (rows.length / (performance.now() - began)) * 1000);
    ok &&= verdict.ok && verdict.rows === rows.length;
  }
  return { events: rows.length, perSecond, ok };
}

function exportOf(rows: StoredRecord[], signer: Signer): Buffer {
  const origin = originOf('scale', TENANT);
  const written = { origin, at: new Date().toISOString(), from: 0, to: rows.length };
  const signed = signWritten(written, signer);
  const lines = [headerLine({ countersign: 'export/1', tenant: TENANT, ...written, frontier: [], signed })];
  const frontier = new Frontier();
  for (const [index, row] of rows.entries()) {
    const text = leafText({ ...row, tenant: TENANT });
    const leaf = leafHash(text);
    frontier.append(leaf);
    lines.push(rowLine(index, leaf, text));
    const size = index + 1;
    if (size % EVERY === 0 || size === rows.length)
      lines.push(checkpointLine(signCheckpoint({ origin, size, root: frontier.root }, signer)));
  }
  return Buffer.from(lines.join(''));
}

function piecesOf(file: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < file.length; at += PIECE) pieces.push(file.subarray(at, at + PIECE));
  return pieces;
}
