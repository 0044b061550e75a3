import { endOf } from './missing.js';
import { said, type Said } from './said.js';
import { shown } from './says.js';
import { settlementOf } from './settlement.js';
import { ofType, resultsOf, type Stored, type Story } from './story.js';

/** How it ended, what was in doubt and who said so, and what the user was told. */
export function outcome(story: Story): Said[] {
  return [ending(story), ...doubts(story), ...settlement(story), ...reply(story)];
}

function ending(story: Story): Said {
  const end = endOf(story);
  if (!end) return said('Not known: no event that ends it is stored.');
  const { type, data } = end.event;
  const code = 'code' in data && data.code ? ` (${data.code})` : '';
  const audited = 'auditCode' in data && data.auditCode ? `, for auditors ${data.auditCode},` : '';
  const tries = 'attempts' in data && data.attempts > 1 ? ` after ${data.attempts} attempts` : '';
  return said(`${type.split('.')[2]}${code}${audited} at ${end.at}${tries}.`, end);
}

/** Words policy did not take, since a doubt stays as it is then. */
function doubts(story: Story): Said[] {
  const told = resultsOf(story, 'countersign.action.in-doubt.v1').map((doubt) =>
    said(`It was in doubt from ${doubt.at} on.`, doubt),
  );
  const refused = ofType(story.decisions as Stored[], 'countersign.action.unsettled.v1').map((no) =>
    said(
      `Policy did not take the word of ${no.event.data.by} at ${no.at}, that it ${no.event.data.outcome} (${no.event.data.code}).`,
      no,
    ),
  );
  return [...told, ...refused];
}

/** Who settled a doubt, when and why. */
function settlement(story: Story): Said[] {
  const settled = settlementOf(story);
  if (!settled) return [];
  const { by, roles, at, outcome: found, reason, from } = settled;
  return [said(`${by} (${roles.join(', ')}) said at ${at} that it ${found}: "${shown(reason)}".`, ...from)];
}

function reply({ reply: sent }: Story): Said[] {
  if (!sent) return [];
  const { flagged, text } = sent.event.data;
  const instead =
    flagged === undefined ? '' : ` in place of the model's words, which were set aside (${shown(flagged)})`;
  return [said(`The user was told${instead}: "${shown(text)}"`, sent)];
}
