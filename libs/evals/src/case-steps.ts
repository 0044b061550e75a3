/* What is done in a case, step by step. */
import { z } from 'zod';
import { STAGES } from '@countersign/contracts';
import { code, jsonObject, recordId, recordType, tenant, text, tool, word } from './case-words.js';

const by = word.describe('One of the people given');
const session = word.default('s1').describe('Of the user; the same name, the same conversation');
const reason = z.string().min(1).max(500).default('As the case says.').describe('What the person says to it');

export const killScope = z
  .string()
  .regex(
    /^kill\/(\*|tenant\/(own|other)|(workflow|tool)\/[A-Za-z0-9][A-Za-z0-9._-]{0,99})$/,
    'kill/*, kill/tenant/own, kill/tenant/other, kill/workflow/NAME or kill/tool/NAME',
  )
  .describe('Scope of a kill switch; tenants are the own and the other of the case');

export const record = z.strictObject({
  type: recordType,
  id: recordId,
  fields: jsonObject.describe('Over those of the base record of that id; a new record otherwise'),
  tenant: tenant.default('own'),
});

const call = z.strictObject({
  tool,
  arguments: z
    .union([jsonObject, text])
    .default({})
    .describe('An object, or the text that the model wrote instead of one, as it is'),
});
const times = z.int().min(1).max(1_000).default(1).describe('For so many turns; one if absent');
const calls = z.array(call).min(1).max(64).describe('Tool calls of one turn, in order');
const says = text.describe('The words of the turn');

const modelTurn = z.union(
  [
    z.strictObject({ calls, says: says.optional(), times }),
    z.strictObject({ says, times }),
    z.strictObject({ status: z.int().min(400).max(599).describe('Refused with this HTTP status'), times }),
    z.strictObject({ raw: text.describe('The whole answer, which need not be a completion'), times }),
  ],
  'a turn has calls, says, status or raw',
);

const intent = z.strictObject({
  by,
  text: text.describe('What the user says'),
  session,
  subject: z.strictObject({ type: recordType, id: recordId }).optional().describe('The record it is about'),
});
const action = z.strictObject({
  by,
  tool,
  arguments: jsonObject.default({}).describe('As the tool takes them; amounts are quoted'),
  dry_run: z.boolean().default(false).describe('A preview is all that is asked for'),
  session,
});
const aboutItem = {
  by,
  reason,
  tool: tool.optional().describe('Of which tool the open item is; needed where several are open'),
  asked_by: word.optional().describe('Whose action it is; needed where several of one tool are open'),
  refused: code.optional().describe('The decision itself is not taken, with this code'),
  if_open: z.boolean().default(false).describe('Where nothing is open to decide, the step is passed over'),
};
const decision = z.strictObject(aboutItem);
const change = record.describe('Somebody else changes a record, in the system of record');

const STEP_KINDS = 'intent (with model), action, approve, reject, edit, change, kill, rearm, stage or repeat';
const simpleStep = z.union(
  [
    z.strictObject({
      intent: intent.describe('A user says something, and the model answers'),
      model: z
        .array(modelTurn)
        .optional()
        .describe(
          'What the model answers, turn by turn, and none where it is not to be asked; asked for more, it is an error of the case',
        ),
    }),
    z.strictObject({ action: action.describe("An agent's own call of one tool, without the model") }),
    z.strictObject({ approve: decision.describe('A person approves what is open') }),
    z.strictObject({ reject: decision.describe('A person rejects what is open') }),
    z.strictObject({
      edit: z
        .strictObject({ ...aboutItem, arguments: jsonObject.describe('All of them, as edited') })
        .describe('A person changes the arguments of what is open'),
    }),
    z.strictObject({ change }),
    z.strictObject({ kill: killScope }),
    z.strictObject({ rearm: killScope }),
    z.strictObject({ stage: z.enum(STAGES).describe("Of the workflow in the case's tenants") }),
    z.strictObject({
      repeat: z.int().positive().describe('Publishes the intent or action of that step (the first is 1) once more'),
    }),
  ],
  `a step is one of ${STEP_KINDS}`,
);
export const step = z.union(
  [...simpleStep.options, z.strictObject({ together: z.array(simpleStep).min(2).max(32).describe('At once') })],
  `a step is one of ${STEP_KINDS}, or together`,
);

export type Step = z.infer<typeof step>;
export type SimpleStep = z.infer<typeof simpleStep>;
export type ModelTurn = z.infer<typeof modelTurn>;
