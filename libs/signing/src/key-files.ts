/*
 * A service's folder of keys, looked at again and again (docs/keys.md).
 *
 *  1  A public key laid into `trusted/`, or taken away, counts within a second, without a restart. So does a new `sign.pem`.
 *  2  A key whose thumbprint stands in `revoked` is trusted no more, until the process ends, whatever becomes of that file.
 *  3  What cannot be read, a file half written, leaves what was read from it last. Only a start fails on it.
 *  4  A file name says whose key it is. One thumbprint under two names belongs to neither.
 *  5  A key in `retired/` counts for what is stored, and for nothing that comes.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { KeyRing, Signer, thumbprint, type TrustedKey } from './jws.js';

const LOOK_EVERY_MS = 1000;
const SEALING = /(^|-)seal(ing)?$/;
const PUBLIC = /^([a-z-]+)(?:\.\w+)?\.pub\.pem$/;
const THUMBPRINT = /^[\w-]{43}$/;

export interface Following {
  /** How long a look at the folder serves. */
  everyMs?: number;
  onFlaw?: (flaw: string) => void;
}

/** `<dir>/sign.pem`: this service's own Ed25519 key. */
export function loadSigner(dir: string, following: Following = {}): Signer {
  const file = new KeyFile(path.join(dir, 'sign.pem'), signingKey);
  return new Signer(
    file.start(),
    every(following, (onFlaw) => (file.look(onFlaw) ? file.content : undefined)),
  );
}

/**
 * `<dir>/trusted/<owner>.pub.pem`, or `<owner>.<n>.pub.pem` while keys overlap, but for those that `<dir>/revoked` names. Sealing keys are
 * not signing keys.
 */
export function loadKeyRing(dir: string, following: Following = {}): KeyRing {
  return ringOf(new TrustFolder(dir, ['trusted']), following);
}

/** Beside them those of `<dir>/retired`, if there is one, with which nobody signs any more: for what is stored and was signed long ago. */
export function loadStoredKeyRing(dir: string, following: Following = {}): KeyRing {
  return ringOf(new TrustFolder(dir, ['trusted', 'retired']), following);
}

function ringOf(folder: TrustFolder, following: Following): KeyRing {
  let first: TrustedKey[] | undefined = folder.start();
  const look = every(following, (onFlaw) => folder.look(onFlaw));
  return new KeyRing(() => {
    const keys = look() ?? first;
    first = undefined;
    return keys;
  });
}

function every<T>(
  { everyMs = LOOK_EVERY_MS, onFlaw = (flaw) => process.emitWarning(flaw) }: Following,
  look: (onFlaw: (flaw: string) => void) => T | undefined,
): () => T | undefined {
  let next = performance.now() + everyMs;
  let said = new Set<string>();
  return () => {
    const now = performance.now();
    if (now < next) return undefined;
    next = now + everyMs;
    const seen = new Set<string>();
    const answer = look((flaw) => {
      seen.add(flaw);
      if (!said.has(flaw)) onFlaw(flaw);
    });
    said = seen;
    return answer;
  };
}

/** A file and what was read from it last. */
class KeyFile<T> {
  content: T | undefined;
  private stamp = '';

  constructor(
    private readonly file: string,
    private readonly parse: (text: string) => T,
  ) {}

  start(): T {
    this.stamp = stampOf(this.file);
    this.content = this.parse(readFileSync(this.file, 'utf8'));
    return this.content;
  }

  /** Whether there is something new in it. */
  look(onFlaw: (flaw: string) => void): boolean {
    let stamp = this.stamp;
    try {
      stamp = stampOf(this.file);
      if (stamp === this.stamp) return false;
      this.start();
      return true;
    } catch (error) {
      // Not read again until it changes again.
      this.stamp = stamp;
      onFlaw(`${this.file} cannot be read, so what it said last still counts: ${(error as Error).message}`);
      return false;
    }
  }
}

function stampOf(file: string): string {
  const { mtimeNs, size, ino } = statSync(file, { bigint: true });
  return `${mtimeNs} ${size} ${ino}`;
}

class TrustFolder {
  private readonly files = new Map<string, KeyFile<TrustedKey>>();
  private readonly revoked = new Set<string>();
  private readonly revocations: KeyFile<string[]>;

  constructor(
    private readonly dir: string,
    private readonly folders: readonly string[],
  ) {
    this.revocations = new KeyFile(path.join(dir, 'revoked'), (text) => text.split('\n'));
  }

  start(): TrustedKey[] {
    const flaws: string[] = [];
    const keys = this.look((flaw) => flaws.push(flaw)) ?? [];
    if (flaws.length) throw new Error(flaws.join('\n'));
    return keys;
  }

  /** All that is trusted, if that is other than before. */
  look(onFlaw: (flaw: string) => void): TrustedKey[] | undefined {
    const changes = [this.lookForFiles(onFlaw), this.lookForRevocations(onFlaw)];
    for (const file of this.files.values()) changes.push(file.look(onFlaw));
    if (!changes.includes(true)) return undefined;
    return this.trusted(onFlaw);
  }

  private lookForFiles(onFlaw: (flaw: string) => void): boolean {
    const gone = this.folders.map((folder) => this.lookInto(path.join(this.dir, folder), onFlaw));
    return gone.includes(true);
  }

  /** Whether a file is gone from it. */
  private lookInto(folder: string, onFlaw: (flaw: string) => void): boolean {
    if (path.basename(folder) === 'retired' && !existsSync(folder)) return this.forget(folder, []);
    let names: string[];
    try {
      names = readdirSync(folder).filter((name) => ownerOf(name));
    } catch (error) {
      onFlaw(`${folder} cannot be read, so the keys it held still count: ${(error as Error).message}`);
      return false;
    }
    for (const name of names) {
      const file = path.join(folder, name);
      if (!this.files.has(file)) this.files.set(file, new KeyFile(file, (text) => publicKey(ownerOf(name)!, text)));
    }
    return this.forget(folder, names);
  }

  private forget(folder: string, namesIn: string[]): boolean {
    const gone = [...this.files.keys()].filter(
      (file) => path.dirname(file) === folder && !namesIn.includes(path.basename(file)),
    );
    for (const file of gone) this.files.delete(file);
    return gone.length > 0;
  }

  private lookForRevocations(onFlaw: (flaw: string) => void): boolean {
    if (!existsSync(path.join(this.dir, 'revoked')) || !this.revocations.look(onFlaw)) return false;
    const before = this.revoked.size;
    for (const line of this.revocations.content ?? []) {
      const word = line.split('#')[0]!.trim();
      if (THUMBPRINT.test(word)) this.revoked.add(word);
      else if (word) onFlaw(`${this.dir}/revoked holds a line that is no thumbprint: ${word.slice(0, 60)}`);
    }
    return this.revoked.size > before;
  }

  private trusted(onFlaw: (flaw: string) => void): TrustedKey[] {
    const owners = new Map<string, TrustedKey & { ambiguous?: boolean }>();
    for (const { content } of this.files.values()) {
      if (!content) continue;
      const kid = thumbprint(content.key);
      const known = owners.get(kid);
      if (known && known.owner !== content.owner) {
        known.ambiguous = true;
        onFlaw(`one key is said to be of ${known.owner} and of ${content.owner}, so it is trusted for neither`);
      } else owners.set(kid, { ...content });
    }
    return [...owners].flatMap(([kid, { ambiguous, ...key }]) => (ambiguous || this.revoked.has(kid) ? [] : [key]));
  }
}

function ownerOf(file: string): string | undefined {
  const owner = PUBLIC.exec(file)?.[1];
  return owner && !SEALING.test(owner) ? owner : undefined;
}

function publicKey(owner: string, pem: string): TrustedKey {
  const key = createPublicKey(pem);
  thumbprint(key); // throws for a key of another kind
  return { owner, key };
}

function signingKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  thumbprint(createPublicKey(key));
  return key;
}
