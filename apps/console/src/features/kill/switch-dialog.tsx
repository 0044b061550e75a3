import { Alert, List, Loader, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { getV1ControlQueryKey, putV1ControlKillScopeMutation } from '../../api/generated/@tanstack/react-query.gen.js';
import type { PutV1ControlKillScopeResponses } from '../../api/generated/types.gen.js';
import { Confirm } from '../../ui/confirm.js';
import { PageLink } from '../../ui/link.js';
import { knownOf, pathScope, reached, type Scope, type Switch } from './scopes.js';

/** As long as the API may wait until it is in force. */
const WAIT_SECONDS = 15;

interface Props {
  scope: Scope;
  /** Tools it stops, by name. */
  tools: string[];
  onClose: () => void;
}

/** The second step of a trip, and of letting something go on: the latter asks for the scope to be typed. */
export function SwitchDialog({ scope, tools, onClose }: Props) {
  const [isTrip] = useState(scope.own?.killed !== true);
  const [reason, setReason] = useState('');
  const client = useQueryClient();
  const change = useMutation({
    ...putV1ControlKillScopeMutation(),
    onSettled: () => client.invalidateQueries({ queryKey: getV1ControlQueryKey() }),
  });
  const name = pathScope(scope.scope);
  const known = knownOf(change.error);
  return (
    <Confirm
      opened
      onClose={onClose}
      title={isTrip ? `Stop: ${scope.title}` : `Let go on: ${scope.title}`}
      action={isTrip ? 'Trip' : 'Re-arm'}
      dangerous={isTrip}
      ready={reason.trim() !== ''}
      busy={change.isPending}
      error={change.error}
      done={change.isSuccess}
      {...(isTrip ? {} : { typed: name })}
      onConfirm={() =>
        change.mutate({ path: { scope: name }, body: { killed: isTrip, reason, waitSeconds: WAIT_SECONDS } })
      }
    >
      {change.data ? (
        <Result isTrip={isTrip} done={change.data} stoppedBy={scope.stoppedBy} />
      ) : (
        <>
          {isTrip ? <Stops tools={tools} /> : <GoesOn tools={tools} stoppedBy={scope.stoppedBy} />}
          <TextInput
            label="Reason"
            description="Everybody sees it: in the banner, and in the traces of what it stops."
            required
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </>
      )}
      {change.isPending && <Under own={scope.own} isTrip={isTrip} />}
      {known && <Text size="sm">{known}</Text>}
    </Confirm>
  );
}

const Stops = ({ tools }: { tools: string[] }) => (
  <List size="sm" aria-label="What will happen">
    <List.Item>{`It stops: ${tools.join(', ') || 'no tool that is loaded'}.`}</List.Item>
    <List.Item>Nothing more is sent, also of what is approved or queued.</List.Item>
    <List.Item>What is being sent now is waited for; what never answers is named as in doubt.</List.Item>
    <List.Item>Open approvals stay as they are, and their time stands still.</List.Item>
  </List>
);

const GoesOn = ({ tools, stoppedBy }: { tools: string[]; stoppedBy: string[] }) => (
  <List size="sm" aria-label="What will happen">
    <List.Item>
      {stoppedBy.length > 0
        ? `It stays stopped by ${stoppedBy.map(pathScope).join(' and ')}.`
        : `It lets run again: ${tools.join(', ') || 'no tool that is loaded'}.`}
    </List.Item>
    <List.Item>What is asked for from now on is judged and done as before.</List.Item>
    <List.Item>What was stopped on its way is judged anew; nothing is sent without that.</List.Item>
    <List.Item>The time of open approvals goes on.</List.Item>
  </List>
);

/** How far it has come, while one waits. */
function Under({ own, isTrip }: { own: Switch | undefined; isTrip: boolean }) {
  const isTold = own?.killed === isTrip;
  return (
    <Text size="sm" role="status">
      <Loader size={14} mr="xs" aria-hidden />
      {isTold ? `Published, ${reached(own)}.` : `Published; waiting until it is in force, ${WAIT_SECONDS} s at most.`}
    </Text>
  );
}

interface Ended {
  isTrip: boolean;
  done: PutV1ControlKillScopeResponses[200];
  stoppedBy: string[];
}

function Result({ isTrip, done: { tookMs, inDoubt = [], applied }, stoppedBy }: Ended) {
  const isStopped = isTrip || stoppedBy.length > 0;
  return (
    <Alert color={isStopped ? 'red' : 'green'} role="status" title={isStopped ? 'It is stopped' : 'It goes on'}>
      <Text size="sm">
        {`In force${typeof tookMs === 'number' ? ` after ${tookMs} ms` : ''}`}
        {applied ? `, heard by ${applied.acknowledged} of ${applied.instances} instances` : ''}.
        {isTrip && inDoubt.length === 0 && ' Nothing is in doubt.'}
        {!isTrip && isStopped && ` It stays stopped by ${stoppedBy.map(pathScope).join(' and ')}.`}
      </Text>
      {isTrip && inDoubt.length > 0 && (
        <PageLink
          c="inherit"
          underline="always"
          to="/pipeline"
          search={{ part: 'doubt' }}
        >{`${inDoubt.length} in doubt: look at what is known`}</PageLink>
      )}
    </Alert>
  );
}
