import { describe, expect, it } from '@jest/globals';
import type { LoadedWorkflow } from '@countersign/workflow-kit';
import { desk } from '../world.fixture.js';
import { callOf, type Known } from './call.js';
import { question } from './question.fixture.js';
import { subjectsFile } from './subjects.js';

const named = (name: string, place = 'resource.id'): LoadedWorkflow => ({
  ...desk,
  workflow: {
    ...desk.workflow,
    name,
    access: { look_up: { resource: 'record', arguments: { caseId: place } } },
  },
});
const known = (...loaded: LoadedWorkflow[]): Known => ({
  workflows: new Map(loaded.map((one) => [one.workflow.name, one])),
  subjects: { acme: { vera: { email: 'vera@todo.example', roles: ['clerk'] } } },
});
const alice = { sub: 'alice', tenant: 'acme', roles: ['clerk'] };
const asked = question('vera', 'look_up', 'case-1');

describe('the call a question is about', () => {
  it('needs a workflow named where two have an action of that name', () => {
    const two = known(named('one'), named('two'));
    expect(callOf(asked, alice, two)).toMatchObject({ code: 'INVALID_ARGUMENTS', nextStep: expect.any(String) });
    expect(callOf(asked, alice, two, 'two')).toMatchObject({ loaded: { workflow: { name: 'two' } } });
    const own = { ...asked, context: { workflow: 'one' } };
    expect(callOf(own, alice, two, 'two')).toMatchObject({ loaded: { workflow: { name: 'one' } } });
    expect(callOf({ ...asked, context: { workflow: 7 } }, alice, two)).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  it.each([
    ['resource.id', 'case-1'],
    ['subject.id', 'vera'],
    ['subject.email', 'vera@todo.example'],
    ['subject.properties.department', 'sales'],
    ['resource.properties.place', 'x'],
    ['action.properties.why', undefined],
    ['context.time', 'now'],
    ['context.constructor', undefined],
  ])('takes an argument from %s', (place, value) => {
    const body = {
      ...asked,
      subject: { ...asked.subject, properties: { department: 'sales', email: 'of@the.caller' } },
      resource: { type: 'record', id: 'case-1', properties: { place: 'x' } },
      context: { time: 'now' },
    };
    const call = callOf(body, alice, known(named('one', place)));
    expect(call).toMatchObject({ arguments: value === undefined ? {} : { caseId: value }, person: { sub: 'vera' } });
    expect(Object.keys('arguments' in call ? call.arguments : {})).toHaveLength(value === undefined ? 0 : 1);
  });
});

describe('the directory of subjects', () => {
  it('says what is wrong with its file', () => {
    const { error } = subjectsFile.safeParse('/no/such/file.json');
    expect(error?.issues[0]?.message).toContain('cannot be read');
  });
});
