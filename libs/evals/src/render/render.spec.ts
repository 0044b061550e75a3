import { describe, expect, it } from '@jest/globals';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import fc from 'fast-check';
import {
  compareReports,
  parseRunReport,
  renderGithub,
  renderJson,
  renderJunit,
  renderSummary,
  renderTable,
  type CaseResult,
  type RunReport,
} from '../index.js';
import { resultOf, runOf } from '../report.fixture.js';

/** What a record, a model or a title may hold. */
const HOSTILE = [
  'x\n::error file=x::y\r\n::set-output name=a::b\n##[error]z',
  '\u001b[2J\u001b]0;title\u0007\u009b31m\u0000\u000b\ufffe\ud800',
  `]]></failure><testcase name="x"/>&amp;"'<!--`,
  '| a | **b** <img src=x onerror=alert(1)> [c](http://evil) `d` </details>\n# heading\n- item\\',
  'abc\u202edcb\u2066x\u2028y\u200b',
  '%0A::warning::%25,a=b:c',
  '::error::from the start',
];
const results = HOSTILE.flatMap((text, at): CaseResult[] => {
  const about = { title: text, file: `evals/${text}`, tags: [text], workflow: text, id: `${at} ${text}` };
  const failed = resultOf('fail', about);
  failed.attempts[0]!.problems = [text, `${text} again`];
  return [failed, resultOf('error', about), resultOf('skip', { ...about, because: text }), resultOf('pass', about)];
});
const hostile = {
  ...runOf(results),
  results,
  workflows: HOSTILE.map((text) => ({ ...runOf([]).workflows[0]!, workflow: text })),
};
const run = runOf([
  resultOf('pass', { title: 'A refund is paid' }),
  resultOf('fail', { title: 'A refund over the total is refused', line: 12 }),
  resultOf('skip', { title: 'A reply is kind', because: 'not with recorded turns', line: 20 }),
]);
const fileOf = ({ file }: CaseResult) => `libs/desk/${file}`;
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

describe('the table', () => {
  it('says what ran, and what is wrong under each case that did not pass', () => {
    expect(renderTable(run)).toBe(
      `${[
        'workflow  cases                  passed  failed  errors  skipped  seconds',
        'desk      evals/desk.evals.yaml       1       1       0        1      0.0',
        '',
        'FAIL  A refund over the total is refused',
        '      at evals/desk.evals.yaml:12',
        '      - expected no effect, found refund of ord_1',
        'skip  A reply is kind',
        '      at evals/desk.evals.yaml:20',
        '      - not with recorded turns',
        '',
        '1 skipped: they count as not run',
        '1 passed, 1 failed, 0 errors, 1 skipped in 1.5 s (model recorded)',
      ].join('\n')}`,
    );
  });

  it('says that no case is no pass', () => {
    expect(renderTable(runOf([]))).toContain('desk: no case ran, which is no pass');
  });

  it('says pass^k, the tokens, the time and the cost where a case is run again', () => {
    const result = resultOf(['pass', 'fail']);
    for (const attempt of result.attempts)
      attempt.model = { calls: 2, promptTokens: 1_000, completionTokens: 200, ms: 1_500 };
    const prices = { currency: 'USD', promptPerMillion: '1', completionPerMillion: '10' };
    const text = renderTable(runOf([result], { model: 'live', prices }));
    expect(text).toContain('(1 of 2 attempts passed)');
    expect(text).toContain('pass^1 0.500  pass^2 0.000');
    expect(text).toContain('model live: 4 calls, 2000 + 400 tokens, 3.0 s, 0.0060 USD');
    expect(text).toMatch(/^case +passed +calls +tokens +seconds +USD\nA case +1\/2 +4 +2400 +3\.0 +0\.0060$/m);
  });

  it('says what is other than in the baseline', () => {
    const before = runOf(run.results.map((each) => resultOf('pass', { title: each.title, id: each.id })));
    const text = renderTable(run, compareReports(before, run));
    expect(text).toContain('newly failing: 1\n      - desk evals/desk.evals.yaml#A refund over the total is refused');
    expect(text).toContain('no longer run: 1');
  });

  it('is steered by nothing that stands in it, and commands no CI service', () => {
    const live = { ...hostile, model: 'live' as const };
    const text = renderTable(live, compareReports(runOf([]), live));
    expect(text).not.toMatch(STEERING);
    for (const line of text.split('\n')) expect(line).not.toMatch(/^\s*::|##\[/);
  });
});

describe('JSON', () => {
  it('is the report, and steers nothing', () => {
    expect(renderJson(hostile)).not.toMatch(STEERING);
    expect(renderJson(hostile)).not.toMatch(/\n|##\[/);
    expect(JSON.parse(renderJson(hostile))).toEqual(JSON.parse(JSON.stringify(hostile)));
    expect(parseRunReport(renderJson(run), 'r.json')).toEqual(run);
  });
});

/** The elements and attributes that Ant's JUnit reports have, in their order, as CI services expect them. */
const JUNIT_XSD = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="testsuites"><xs:complexType><xs:sequence>
    <xs:element name="testsuite" type="suite" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:complexType name="suite">
    <xs:sequence>
      <xs:element name="properties"><xs:complexType><xs:sequence>
        <xs:element name="property" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
          <xs:attribute name="name" type="filled" use="required"/><xs:attribute name="value" use="required"/>
        </xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="testcase" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
        <xs:choice minOccurs="0">
          <xs:element name="skipped"><xs:complexType><xs:attribute name="message"/></xs:complexType></xs:element>
          <xs:element name="error" type="wrong"/><xs:element name="failure" type="wrong"/>
        </xs:choice>
        <xs:attribute name="name" type="xs:token" use="required"/><xs:attribute name="classname" type="xs:token" use="required"/>
        <xs:attribute name="time" type="xs:decimal" use="required"/>
      </xs:complexType></xs:element>
      <xs:element name="system-out" type="xs:string"/><xs:element name="system-err" type="xs:string"/>
    </xs:sequence>
    <xs:attribute name="name" type="filled" use="required"/><xs:attribute name="package" type="xs:token" use="required"/>
    <xs:attribute name="id" type="xs:int" use="required"/><xs:attribute name="hostname" type="filled" use="required"/>
    <xs:attribute name="timestamp" use="required"><xs:simpleType><xs:restriction base="xs:dateTime">
      <xs:pattern value="[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"/></xs:restriction></xs:simpleType></xs:attribute>
    <xs:attribute name="tests" type="xs:int" use="required"/><xs:attribute name="failures" type="xs:int" use="required"/>
    <xs:attribute name="errors" type="xs:int" use="required"/><xs:attribute name="skipped" type="xs:int"/>
    <xs:attribute name="time" type="xs:decimal" use="required"/>
  </xs:complexType>
  <xs:complexType name="wrong"><xs:simpleContent><xs:extension base="xs:string">
    <xs:attribute name="message"/><xs:attribute name="type" use="required"/>
  </xs:extension></xs:simpleContent></xs:complexType>
  <xs:simpleType name="filled"><xs:restriction base="xs:token"><xs:minLength value="1"/></xs:restriction></xs:simpleType>
</xs:schema>`;

function junitOf(of: RunReport): XmlDocument {
  const schema = XmlDocument.fromString(JUNIT_XSD);
  const validator = XsdValidator.fromDoc(schema);
  const document = XmlDocument.fromString(renderJunit(of));
  validator.validate(document);
  validator.dispose();
  schema.dispose();
  return document;
}
const textsAt = (document: XmlDocument, xpath: string) => document.find(xpath).map((node) => node.content);

describe('JUnit XML', () => {
  it('has the form that CI services read, and the counts of the run', () => {
    const document = junitOf(run);
    const of = (name: string) => textsAt(document, `/testsuites/testsuite/@${name}`);
    expect([of('tests'), of('failures'), of('errors'), of('skipped')]).toEqual([['3'], ['1'], ['0'], ['1']]);
    expect(textsAt(document, '//failure')).toEqual(['expected no effect, found refund of ord_1']);
    expect(textsAt(document, '//skipped/@message')).toEqual(['not with recorded turns']);
    document.dispose();
  });

  it('keeps what it quotes inside its place', () => {
    const document = junitOf(hostile);
    expect(document.find('//testcase')).toHaveLength(results.length);
    expect(document.find('//failure')).toHaveLength(HOSTILE.length);
    expect(textsAt(document, '//testcase/@name')[8]).toBe(HOSTILE[2]);
    expect(textsAt(document, '//failure/@message')[0]).toBe(HOSTILE[0]!.replaceAll('\r\n', '\n'));
    expect(textsAt(document, '//failure')[2]).toBe(`${HOSTILE[2]}\n${HOSTILE[2]} again`);
    document.dispose();
  });

  it('can be read whatever stands in it', () => {
    const titles = fc.sample(fc.string({ unit: 'binary' }), { numRuns: 300, seed: 8 });
    const failed = titles.map((title) => {
      const one = resultOf('fail', { title });
      return { ...one, attempts: [{ ...one.attempts[0]!, problems: [title] }] };
    });
    const document = junitOf(runOf(failed));
    expect(document.find('//testcase/failure')).toHaveLength(titles.length);
    document.dispose();
  });
});

describe('GitHub annotations', () => {
  it('mark each failing case at its line', () => {
    expect(renderGithub(run, fileOf)).toBe(
      '::error file=libs/desk/evals/desk.evals.yaml,line=12,title=fail%3A A refund over the total is refused::expected no effect, found refund of ord_1',
    );
  });

  it('say all problems in one command, and nothing of a made case whose file is none', () => {
    const made = resultOf('fail', { title: 'made', line: 0 });
    made.attempts[0]!.problems = ['one', 'two'];
    expect(renderGithub(runOf([made]), fileOf)).toBe('::error title=fail%3A made::one%0Atwo');
  });

  it('are one command a case, whatever stands in it', () => {
    const lines = renderGithub(hostile, ({ file }) => file).split('\n');
    expect(lines).toHaveLength(2 * HOSTILE.length);
    for (const line of lines) {
      expect(line).toMatch(/^::error file=[^:,\r]*,line=4,title=[^:,\r]*::/);
      expect(line).not.toMatch(/##\[/);
    }
    expect(renderGithub(runOf(Array.from({ length: 60 }, () => resultOf('fail'))), fileOf).split('\n')).toHaveLength(
      50,
    );
  });
});

describe('the step summary', () => {
  it('shows verdict, counts and what is wrong', () => {
    const text = renderSummary(run, compareReports(run, run));
    expect(text).toContain('## Evals: fail\n');
    expect(text).toContain('| desk | 1 | 1 | 0 | 1 | fail | sha256\\:fp |');
    expect(text).toContain(
      '### fail: A refund over the total is refused\n\nevals\\/desk\\.evals\\.yaml\\:12\n\n- expected',
    );
    expect(text).toContain('0 newly failing');
  });

  it('quotes no markup: each mark of what it quotes stands behind a backslash, on one line', () => {
    const text = renderSummary(hostile);
    const ours = renderSummary({ ...hostile, results: [], workflows: [] }).split('\n').length;
    const lines = text.split('\n');
    expect(lines).toHaveLength(ours + HOSTILE.length + 2 * HOSTILE.length * 5 + 3 * HOSTILE.length);
    for (const line of lines.filter((each) => each.startsWith('- ')))
      expect(line.slice(2).replaceAll(/\\[!-/:-@[-`{-~]/g, '')).not.toMatch(/[!-/:-@[-`{-~]/);
    for (const line of lines) expect(line).not.toMatch(/[^\\]<|^</);
    expect(text).not.toMatch(STEERING);
  });

  it('stays short, however much is wrong', () => {
    const many = renderSummary(runOf(Array.from({ length: 400 }, () => resultOf('fail'))));
    expect(many.match(/^### /gm)).toHaveLength(100);
    expect(many).toContain('and 300 more that did not pass');
  });
});
