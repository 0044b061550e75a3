import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { presidioRedactor, RedactorUnavailable } from './presidio.js';
import { sealWords } from './words.js';

/** Answers as the analyzer does, with what a test laid down; a Presidio of its own was not run. */
class Analyzer {
  readonly asked: { text: string; language: string }[] = [];
  answer: (text: string) => { status?: number; body: unknown } | undefined = () => ({ body: [] });
  private readonly server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const asked = JSON.parse(text) as { text: string; language: string };
      this.asked.push(asked);
      const given = request.url === '/analyze' ? this.answer(asked.text) : { status: 404, body: {} };
      if (!given) return;
      response.writeHead(given.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(given.body));
    });
  });

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const place = (text: string, part: string, type: string, score = 0.85) => {
  const start = [...text.slice(0, text.indexOf(part))].length;
  return { entity_type: type, start, end: start + [...part].length, score, analysis_explanation: null };
};

describe("a redactor that speaks Presidio's analyzer (the numbers are those of presidio.ts)", () => {
  let analyzer: Analyzer;
  beforeAll(async () => {
    analyzer = await new Analyzer().start();
  });
  afterAll(() => analyzer.close());
  const find = (...texts: string[]) => presidioRedactor({ url: `${analyzer.url}/`, timeoutMs: 300 }).find(texts);

  it('hides what either finds, once where both do (1)', async () => {
    analyzer.answer = (text) => ({
      body: [
        place(text, 'Dana Smith', 'PERSON'),
        place(text, 'example.com', 'URL', 0.5),
        place(text, 'today', 'DATE_TIME'),
        place(text, 'ord_1', 'PERSON', 0.1),
      ],
    });
    const text = 'Dana Smith wrote today from dana@example.com of ord_1: DE89370400440532013000';
    expect((await find(text))[0]!.map(({ value, dataClass }) => [value, dataClass])).toEqual([
      ['Dana Smith', 'personal'],
      ['dana@example.com', 'personal'],
      ['DE89370400440532013000', 'financial'],
    ]);
    expect(analyzer.asked.at(-1)).toEqual({ text, language: 'en', score_threshold: 0.5 });
  });

  it('counts characters as Python does (3)', async () => {
    analyzer.answer = (text) => ({ body: [place(text, 'Dana', 'PERSON')] });
    const [shapes] = await find('\u{1f600}\u{1f600} é Dana \u{1f600}');
    expect(shapes).toMatchObject([{ value: 'Dana' }]);
  });

  it.each<[string, Analyzer['answer']]>([
    ['answers an error', () => ({ status: 500, body: {} })],
    ['answers something else', () => ({ body: { error: 'dana' } })],
    ['names a place outside', () => ({ body: [{ entity_type: 'PERSON', start: 0, end: 99, score: 1 }] })],
    ['does not answer in time', () => undefined],
  ])('when it %s, nothing goes on, and the error quotes nothing (2, 4)', async (_, answer) => {
    analyzer.answer = answer;
    let sealed = 0;
    const store = { seal: async () => ((sealed += 1), []) };
    const of = { tenant: 'acme', subject: 'alice' };
    const redactor = presidioRedactor({ url: analyzer.url, timeoutMs: 100 });
    const failed = await sealWords(store, of, ['Dana, dana@example.com'], redactor).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RedactorUnavailable);
    expect(String(failed)).not.toMatch(/dana/i);
    expect(sealed).toBe(0);
  });

  it('that is not there is one that does not answer (2)', async () => {
    await expect(presidioRedactor({ url: 'http://127.0.0.1:1' }).find(['x'])).rejects.toThrow(RedactorUnavailable);
  });
});
