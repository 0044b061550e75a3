import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MissingPrerequisite } from './errors.js';
import { requireJava, requirePrerequisites } from './kafka-jars.js';

describe('what must be on the machine', () => {
  let bin: string;
  const env = (more = {}) => ({ PATH: bin, ...more });
  const java = (version: string) =>
    fs.writeFileSync(path.join(bin, 'java'), `#!/bin/sh\necho 'openjdk version "${version}" 2025' >&2\n`, {
      mode: 0o755,
    });
  beforeEach(() => {
    bin = fs.mkdtempSync(path.join(os.tmpdir(), 'bin-'));
    fs.symlinkSync('/bin/sh', path.join(bin, 'sh'));
  });
  afterEach(() => fs.rmSync(bin, { recursive: true }));
  const refusal = (ask: () => unknown): MissingPrerequisite => {
    try {
      ask();
    } catch (error) {
      if (error instanceof MissingPrerequisite) return error;
      throw error;
    }
    throw new Error('nothing was missing');
  };

  it('is named in one line with how to get it, and the exit code is 2', () => {
    const { message, exitCode } = refusal(() => requirePrerequisites(env()));
    expect(message).toMatch(/^Java 17 or newer is missing \(no java\): install it .* or set KAFKA_BROKERS [^\n]*$/);
    expect(exitCode).toBe(2);
  });

  it.each(['1.8.0_402', '11.0.22'])('is not Java %s', (version) => {
    java(version);
    expect(refusal(() => requireJava(env())).message).toMatch(
      /^Java 17 or newer is needed, java is (8|11): install it/,
    );
  });

  it.each(['17.0.15', '21', '25-ea'])('may be Java %s', (version) => {
    java(version);
    expect(requireJava(env())).toBe('java');
  });

  it('is looked for in JAVA_HOME first', () => {
    java('17.0.1');
    const { message } = refusal(() => requireJava(env({ JAVA_HOME: '/nowhere' })));
    expect(message).toContain('(no /nowhere/bin/java)');
  });

  it('is Maven too, until the jars have been fetched', () => {
    java('17.0.1');
    const { message } = refusal(() => requirePrerequisites(env(), path.join(bin, 'no-jars')));
    expect(message).toMatch(/^Maven is missing: install it [^\n]*$/);
    expect(() => requirePrerequisites(env(), bin)).not.toThrow();
  });
});
