/*
 * Gives users of a broker their SCRAM-SHA-256 passwords. kafkajs has no such request (AlterUserScramCredentials, KIP-554), and Kafka's
 * own tools take a password as an argument, where every process of the machine can read it. Only what is salted leaves this process.
 * The request is spoken here by its bytes: https://kafka.apache.org/43/design/protocol/.
 */
import { pbkdf2, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { promisify } from 'node:util';

/** Who may change users, of a listener that takes SASL PLAIN. */
export interface ScramAdmin {
  port: number;
  username: string;
  password: string;
}

export interface ScramUser {
  username: string;
  password: string;
}

const [SASL_HANDSHAKE, SASL_AUTHENTICATE, ALTER_USER_SCRAM] = [17, 36, 51] as const;
const SHA_256 = 1;
const ITERATIONS = 4096;
const SALT_BYTES = 18;
const LIMIT_MS = 20_000;

/**
 * Creates the users, or changes their passwords. Connections that are open stay open; the next login needs the new password.
 *
 * @throws Error what the broker says, if it refuses
 */
export async function setScramPasswords(admin: ScramAdmin, users: readonly ScramUser[]): Promise<void> {
  const socket = net.connect({ host: '127.0.0.1', port: admin.port });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`the broker did not answer within ${LIMIT_MS} ms`)));
  try {
    await once(socket, 'connect');
    const answers = framesOf(socket);
    const ask = async (request: Buffer): Promise<Reading> => {
      socket.write(Buffer.concat([int32(request.length), request]));
      const { value, done } = await answers.next();
      if (done) throw new Error('the broker closed the connection');
      return new Reading(value, 4); // behind the correlation id
    };
    check(await ask(Buffer.concat([header(SASL_HANDSHAKE, 1), text('PLAIN')])), 'SASL handshake');
    const secret = Buffer.from(`\0${admin.username}\0${admin.password}`);
    check(await ask(Buffer.concat([header(SASL_AUTHENTICATE, 0), int32(secret.length), secret])), 'login');
    checkResults(await ask(await alteration(users)));
  } finally {
    socket.destroy();
  }
}

async function alteration(users: readonly ScramUser[]): Promise<Buffer> {
  const upsertions = await Promise.all(users.map(upsertion));
  const noDeletions = varint(0 + 1);
  const body = [noDeletions, varint(upsertions.length + 1), ...upsertions, TAGS];
  return Buffer.concat([header(ALTER_USER_SCRAM, 0), TAGS, ...body]);
}

async function upsertion({ username, password }: ScramUser): Promise<Buffer> {
  const salt = randomBytes(SALT_BYTES);
  const salted = await promisify(pbkdf2)(password, salt, ITERATIONS, 32, 'sha256');
  const kind = Buffer.concat([Buffer.from([SHA_256]), int32(ITERATIONS)]);
  return Buffer.concat([compact(Buffer.from(username)), kind, compact(salt), compact(salted), TAGS]);
}

function checkResults(answer: Reading): void {
  answer.skip(1 + 4); // tags, throttle time
  for (let left = answer.varint() - 1; left > 0; left--) {
    const user = answer.compact();
    const error = answer.int16();
    const message = answer.compact();
    if (error !== 0) throw new Error(`the broker did not take the password of ${user}: ${message || `error ${error}`}`);
    answer.skip(1);
  }
}

function check(answer: Reading, what: string): void {
  const error = answer.int16();
  if (error !== 0) throw new Error(`the broker refused the ${what} (error ${error})`);
}

/** What the broker answers, one frame after the other. */
async function* framesOf(socket: net.Socket): AsyncGenerator<Buffer, void> {
  let waiting = Buffer.alloc(0);
  for await (const chunk of socket) {
    waiting = Buffer.concat([waiting, chunk as Buffer]);
    while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE(0)) {
      const end = 4 + waiting.readInt32BE(0);
      yield waiting.subarray(4, end);
      waiting = waiting.subarray(end);
    }
  }
}

class Reading {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  skip(length: number): void {
    this.at += length;
  }
  int16(): number {
    this.at += 2;
    return this.bytes.readInt16BE(this.at - 2);
  }
  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (!(byte & 0x80)) return value;
    }
  }
  compact(): string {
    const length = Math.max(0, this.varint() - 1);
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }
}

const TAGS = Buffer.from([0]);

function header(api: number, version: number): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeInt16BE(api, 0);
  fixed.writeInt16BE(version, 2);
  return Buffer.concat([fixed, text('countersign')]);
}
function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeInt16BE(Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(value)]);
}
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}
const compact = (bytes: Buffer): Buffer => Buffer.concat([varint(bytes.length + 1), bytes]);
