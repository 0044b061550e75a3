import type { AccessLine, Approvers } from '@countersign/contracts';
import type { ToolView } from './catalog.js';

type Did = Approvers['did'][number];
const NOTHING = { granted: 0, edited: 0, rejected: 0, settled: 0, lastAt: null };

/**
 * Who may approve which tool, by the workflows' permission maps and the roles people were last seen with, beside who did. Who decided and may
 * not any more, or of a tool that is not there any more, is listed too.
 */
export function accessLines(tools: ToolView[], { seen, did }: Approvers): AccessLine[] {
  const lines = tools.flatMap((tool) => linesOf(tool, seen, did));
  const listed = new Set(lines.map(({ tool, person }) => JSON.stringify([tool, person])));
  const gone = did.filter(({ tool, person }) => !listed.has(JSON.stringify([tool, person])));
  return [...lines, ...gone.map((one) => mayNot(null, one, seen))];
}

function linesOf({ workflow, name, permissions }: ToolView, seen: Approvers['seen'], did: Did[]): AccessLine[] {
  const needs = Object.entries(permissions.approvals);
  if (needs.length === 0) return did.filter(({ tool }) => tool === name).map((one) => mayNot(workflow, one, seen));
  const own = did.filter(({ tool }) => tool === name);
  const may = seen.flatMap(({ person, roles, at }): AccessLine[] => {
    const given = needs.filter(([, need]) => need.roles.some((role) => roles.includes(role)));
    if (given.length === 0) return [];
    const by = roles.filter((role) => given.some(([, need]) => need.roles.includes(role)));
    const { tool: _, ...counts } = own.find((one) => one.person === person) ?? { tool: name, ...NOTHING };
    const approvals = given.map(([approval]) => approval);
    return [{ workflow, tool: name, mayApprove: true, approvals, roles: by, seenAt: at, ...counts, person }];
  });
  const others = own.filter(({ person }) => !may.some((line) => line.person === person));
  const lines = [...may, ...others.map((one) => mayNot(workflow, one, seen))];
  return may.length > 0 ? lines : [nobody(workflow, name), ...lines];
}

const mayNot = (workflow: string | null, one: Did, seen: Approvers['seen']): AccessLine => {
  const { roles = [], at = null } = seen.find(({ person }) => person === one.person) ?? {};
  return { workflow, ...one, mayApprove: false, approvals: [], roles, seenAt: at };
};

const nobody = (workflow: string, tool: string): AccessLine => ({
  ...{ workflow, tool, person: null, mayApprove: false, approvals: [], roles: [], seenAt: null },
  ...NOTHING,
});
