import { Stack, Title } from '@mantine/core';
import { Facts } from '../../ui/facts.js';
import { toolName } from '../../ui/record-name.js';
import type { Workflow } from './workflow.js';

const money = (amounts: Record<string, unknown> | undefined) =>
  Object.entries(amounts ?? {})
    .map(([currency, amount]) => `${String(amount)} ${currency}`)
    .join(', ');

/** What it promises and how much it may touch, in words. */
export function Contract({ workflow }: { workflow: Workflow }) {
  const { limits, budgets, done, model, sources } = workflow;
  return (
    <Stack gap="lg">
      <Part title="What “done” means, in the system of record">
        <Facts facts={Object.fromEntries(Object.entries(done).map(([tool, words]) => [toolName(tool), words]))} />
      </Part>
      <Part title="Limits">
        <Facts
          facts={{
            'One action': `at most ${money(limits.amountPerAction) || 'no amount'}, ${limits.recordsPerAction} records`,
            'One session': [
              money(limits.amountPerSession),
              limits.recordsPerSession && `${limits.recordsPerSession} records`,
            ]
              .filter(Boolean)
              .join(', '),
            ...Object.fromEntries(
              budgets.map((budget) => [
                budget.name,
                `a day, per ${budget.per}: ${[
                  budget.actionsPerDay && `${budget.actionsPerDay} actions`,
                  budget.recordsPerDay && `${budget.recordsPerDay} records`,
                  money(budget.amountPerDay),
                ]
                  .filter(Boolean)
                  .join(', ')}${budget.tools ? ` (${budget.tools.map(toolName).join(', ')})` : ''}`,
              ]),
            ),
          }}
        />
      </Part>
      <Part title="What the model sees">
        <Facts
          facts={Object.fromEntries(
            sources.map(({ name, fields, record }) => [
              name,
              `of each ${record}: ${Object.entries(fields)
                .map(([field, whose]) => (whose === 'untrusted' ? `${field} (a stranger's words)` : field))
                .join(', ')}`,
            ]),
          )}
        />
      </Part>
      <Part title="The model">
        <Facts
          facts={{
            Turns: `at most ${model.maxTurns}`,
            Tokens: `at most ${model.tokenBudget}`,
            Temperature: String(model.temperature),
          }}
        />
      </Part>
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Stack component="section" gap="xs" aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
