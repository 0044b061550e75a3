import { Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { getV1ToolsOptions, getV1WorkflowsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { Facts } from '../../ui/facts.js';
import { Page } from '../../ui/page.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { Tag } from '../../ui/tag.js';
import { Time } from '../../ui/time.js';
import { Contract } from './contract.js';
import { StageStepper } from './stage-stepper.js';
import { PermissionMap } from './permission-map.js';
import { ToolList } from './tool-list.js';
import { casesOf, releaseOf, type Workflow } from './workflow.js';

const route = getRouteApi('/workflows/$workflow');

/** One workflow: how far it goes, what was released, what its tools may do and who may let them. */
export function WorkflowPage() {
  const { workflow: name } = route.useParams();
  const workflows = useQuery(getV1WorkflowsOptions());
  const tools = useQuery(getV1ToolsOptions());
  const own = tools.data?.data.filter(({ workflow }) => workflow === name);
  const found = workflows.data?.data.find((each) => each.name === name);
  return (
    <Page title={found?.title ?? 'Workflow'}>
      {workflows.isPending && <Loading label="the workflow" />}
      {workflows.isError && <Failed error={workflows.error} onRetry={() => void workflows.refetch()} />}
      {workflows.isSuccess && !found && (
        <Empty title="There is no such workflow">It is not among those that are loaded.</Empty>
      )}
      {found && (
        <>
          <StageStepper workflow={found} />
          <Release workflow={found} />
          <Tabs defaultValue="permissions" keepMounted={false}>
            <Tabs.List aria-label="Of this workflow">
              <Tabs.Tab value="permissions">Permission map</Tabs.Tab>
              <Tabs.Tab value="tools">Tools</Tabs.Tab>
              <Tabs.Tab value="contract">Contract</Tabs.Tab>
              <Tabs.Tab value="rules">Rules</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="permissions" pt="md">
              {tools.isError && <Failed error={tools.error} onRetry={() => void tools.refetch()} />}
              {tools.isPending && <Loading label="the tools" />}
              {own && <PermissionMap tools={own} />}
            </Tabs.Panel>
            <Tabs.Panel value="tools" pt="md">
              {tools.isError && <Failed error={tools.error} onRetry={() => void tools.refetch()} />}
              {tools.isPending && <Loading label="the tools" />}
              {own && <ToolList tools={own} />}
            </Tabs.Panel>
            <Tabs.Panel value="contract" pt="md">
              <Contract workflow={found} />
            </Tabs.Panel>
            <Tabs.Panel value="rules" pt="md">
              <Facts
                facts={Object.fromEntries(
                  found.rules.map(({ name: rule, title, tools: of }) => [
                    rule,
                    `${title}${of ? ` (${of.map((tool) => tool.replaceAll('_', ' ')).join(', ')})` : ''}`,
                  ]),
                )}
              />
            </Tabs.Panel>
          </Tabs>
        </>
      )}
    </Page>
  );
}

function Release({ workflow }: { workflow: Workflow }) {
  const [tone, words] = releaseOf(workflow);
  const { release, fingerprint } = workflow;
  const cases = casesOf(release);
  const facts: Record<string, ReactNode> = {
    State: <Tag tone={tone}>{words}</Tag>,
    'What runs': <code>{fingerprint.slice(0, 16)}…</code>,
    Released: release && <Time at={release.at} />,
    'Before it': release?.previous ? <code>{release.previous.slice(0, 16)}…</code> : undefined,
    Cases: cases && `${cases.passed} passed, ${cases.failed} failed, ${cases.skipped} skipped`,
    'Rolled back': release?.report.kind === 'rollback' ? release.report.reason : undefined,
  };
  return (
    <Stack component="section" gap="xs" aria-label="Release">
      <Title order={2} size="h4">
        Release
      </Title>
      <Facts facts={facts} />
      {!release && (
        <Text size="sm">
          Run its cases and publish what they say: <code>npx countersign release publish</code>.
        </Text>
      )}
    </Stack>
  );
}
