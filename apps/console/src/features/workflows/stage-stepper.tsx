import { Button, Group, List, Stack, Stepper, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getV1MetricsSummaryOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { sessionQuery } from '../../api/session.js';
import { Tag } from '../../ui/tag.js';
import { StageDialog } from './stage-dialog.js';
import { StageList } from './stage-list.js';
import { gatesOf, STAGES, STAGE_WORDS, type Gate, type Stage, type Workflow } from './workflow.js';

/** How far it may go for one's own tenant, what speaks for going further, and the step itself for those who may take it. */
export function StageStepper({ workflow }: { workflow: Workflow }) {
  const { data: session } = useQuery(sessionQuery);
  const summary = useQuery({ ...getV1MetricsSummaryOptions(), retry: false });
  const [chosen, setChosen] = useState<Stage>();
  const at = STAGES.indexOf(workflow.stage);
  const may = session?.person.roles.some((role) => role === 'sre' || role === 'release') ?? false;
  return (
    <Stack component="section" gap="sm" aria-label="Stage">
      <Title order={2} size="h4">
        Stage
      </Title>
      <Stepper active={at} allowNextStepsSelect={false} size="sm" aria-label="Stages" orientation="vertical">
        {STAGES.map((stage, index) => (
          <Stepper.Step
            key={stage}
            label={stage === workflow.stage ? `${stage}: now` : stage}
            description={STAGE_WORDS[stage]}
            tabIndex={-1}
            aria-current={index === at ? 'step' : undefined}
          />
        ))}
      </Stepper>
      <Gates gates={gatesOf(workflow, summary.data)} />
      {may ? (
        <Group gap="sm">
          {STAGES.filter((stage) => stage !== workflow.stage).map((stage) => (
            <Button
              key={stage}
              variant={STAGES.indexOf(stage) > at ? 'filled' : 'default'}
              onClick={() => setChosen(stage)}
            >
              {STAGES.indexOf(stage) > at ? `Promote to ${stage}…` : `Take back to ${stage}…`}
            </Button>
          ))}
        </Group>
      ) : (
        <Text size="sm" c="dimmed">
          The roles sre and release set stages.
        </Text>
      )}
      <StageList workflow={workflow.name} />
      {chosen && session && (
        <StageDialog
          workflow={workflow}
          stage={chosen}
          tenant={session.person.tenant}
          onClose={() => setChosen(undefined)}
        />
      )}
    </Stack>
  );
}

function Gates({ gates }: { gates: Gate[] }) {
  return (
    <List size="sm" aria-label="What speaks for a promotion" listStyleType="none" spacing={6}>
      {gates.map(({ title, holds, says, by }) => (
        <List.Item key={title}>
          <Tag tone={holds === undefined ? 'warn' : holds ? 'good' : 'bad'}>
            {holds === undefined ? 'unknown' : holds ? 'holds' : 'does not hold'}
          </Tag>{' '}
          <b>{title}</b>: {says}{' '}
          <Text span size="xs" c="dimmed">
            {by === 'enforced' ? 'policy enforces it' : 'for you to judge: nothing enforces it'}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}
