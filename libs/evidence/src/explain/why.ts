import type { JsonObject } from '@countersign/contracts';
import { changeText, eventsIn, stoppedBy } from './control.js';
import { said, type Said } from './said.js';
import { ruleText, saysEnd, shown } from './says.js';
import { resultsOf, type Decision, type Stored, type Story } from './story.js';
import { actorText } from './who.js';

/** Who asked, what the model went by, each decision with its rules, and what came between, in their order. */
export function why(story: Story): Said[] {
  const { accepted, raw } = story;
  const parts: Said[] = [];
  if (accepted) {
    const { actor, text, action } = accepted.event.data;
    const what = action ? `for ${action.tool}` : `"${shown(text ?? '')}"`;
    parts.push(said(`${actorText(actor)} asked ${what}`, raw, accepted));
  }
  parts.push(...proposal(story));
  const between = resultsOf(story, 'countersign.action.returned.v1').map((back) => ({
    at: back.at,
    part: handedBack(back as Stored),
  }));
  const decided = story.decisions.flatMap((decision) => {
    const part = decisionPart(decision);
    return part ? [{ at: decision.at, part }] : [];
  });
  const inOrder = [...decided, ...between].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  parts.push(...inOrder.map(({ part }) => part));
  for (const change of stoppedBy(story)?.changes ?? []) parts.push(said(changeText(change), ...eventsIn([change])));
  return parts;
}

function proposal({ proposed, modelCall, ledTo }: Story): Said[] {
  if (!proposed) return [];
  const tries = modelCall?.event.data.attempts ?? 1;
  const asked = tries > 1 ? ` (asked ${tries} times)` : '';
  const after = ledTo ? `, after ${saysEnd(ledTo)}` : '';
  return [
    said(`the model proposed it in turn ${proposed.event.data.turn}${asked}${after}`, ledTo, modelCall, proposed),
  ];
}

function decisionPart(decision: Decision): Said | undefined {
  const { event } = decision;
  if (event.type === 'countersign.action.settled.v1' || event.type === 'countersign.action.unsettled.v1')
    return undefined;
  const rules = event.data.rules.length ? ` by ${event.data.rules.map(ruleText).join('; ')}` : '';
  const gates = gatesText(event.data.facts);
  return said(`policy ${event.data.policyVersion} ${verdict(event)}${gates}${rules}`, decision);
}

type Judged = Exclude<Decision['event'], { type: 'countersign.action.settled.v1' | 'countersign.action.unsettled.v1' }>;

function verdict(event: Judged): string {
  switch (event.type) {
    case 'countersign.action.approved.v1':
      return `granted ${event.data.grant}`;
    case 'countersign.action.denied.v1':
      return `denied it (${event.data.code}: ${event.data.detail})`;
    case 'countersign.action.escalated.v1': {
      const { approvalsNeeded: needed, because } = event.data;
      const again = because === undefined ? '' : ` again (${shown(because)})`;
      return `${needed === 1 ? 'asked for a person' : `asked for ${needed} people`}${again}`;
    }
    default:
      return event satisfies never;
  }
}

const handedBack = (back: Stored): Said =>
  said('code' in back.event.data ? `the executor sent nothing and handed it back (${back.event.data.code})` : '', back);

/** The stage and the switches in force when it was decided, as policy signed them. */
function gatesText(facts: JsonObject | undefined): string {
  const stage = facts?.['stage'];
  const on = facts?.['switches'];
  const switches = Array.isArray(on) && on.length ? ` with ${on.join(' and ')} on` : '';
  return typeof stage === 'string' ? ` at the stage ${stage}${switches}` : '';
}
