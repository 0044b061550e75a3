import { Alert, Code, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getV1ControlOptions, getV1ToolsOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { sessionQuery } from '../../api/session.js';
import { Page } from '../../ui/page.js';
import { Failed, Loading } from '../../ui/states.js';
import { History } from './history.js';
import { scopesOf, toolsStopped } from './scopes.js';
import { ScopeTable } from './scope-table.js';
import { SwitchDialog } from './switch-dialog.js';

/** What is stopped, what can be, and by whom. */
export function KillPage() {
  const control = useQuery({ ...getV1ControlOptions(), refetchInterval: 5_000 });
  const tools = useQuery(getV1ToolsOptions());
  const { data: session } = useQuery(sessionQuery);
  const [chosen, setChosen] = useState<string>();
  const mayChange = session?.person.roles.includes('sre') ?? false;
  const loaded = tools.data?.data ?? [];
  const scopes = scopesOf(control.data?.switches ?? [], loaded, session?.person.tenant ?? '');
  const scope = scopes.find((each) => each.scope === chosen);
  return (
    <Page title="Kill switch">
      {control.isPending && <Loading label="the switches" />}
      {control.isError && (
        <Stack gap="sm">
          <Alert color="yellow" title="Unknown" role="status">
            Whether something is stopped can't be read now. Policy and executor go by the control topic, not by this
            page.
          </Alert>
          <Failed error={control.error} onRetry={() => void control.refetch()} />
        </Stack>
      )}
      {control.data && (
        <>
          <ScopeTable
            scopes={scopes}
            mayChange={mayChange}
            isKnown={!control.isError}
            onChoose={(each) => setChosen(each.scope)}
          />
          {tools.isError && <Failed error={tools.error} onRetry={() => void tools.refetch()} />}
        </>
      )}
      {(!mayChange || control.isError) && <WithoutPage />}
      {control.data && <History history={control.data.history} />}
      {scope && (
        <SwitchDialog
          key={scope.scope}
          scope={scope}
          tools={toolsStopped(scope.scope, loaded)}
          onClose={() => setChosen(undefined)}
        />
      )}
    </Page>
  );
}

/** Stopping needs no role, and not this page either: it is there when the gateway is not. */
function WithoutPage() {
  return (
    <Stack gap="xs" component="section" aria-label="To stop something at once">
      <Title order={2} size="h4">
        To stop something at once
      </Title>
      <Text size="sm">
        Here only the role sre trips and re-arms. Whoever can write the control topic can stop anything with any Kafka
        client, without a token:
      </Text>
      <Code block tabIndex={0} role="region" aria-label="The record">{`topic  countersign.control.v1
key    kill/tool/issue_refund
value  {"killed": true, "reason": "INC-42"}`}</Code>
    </Stack>
  );
}
