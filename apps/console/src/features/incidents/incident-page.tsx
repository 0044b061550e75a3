import { Button, Code, Paper, Stack, Text, Timeline, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconCamera, IconCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { getV1IncidentsIdOptions } from '../../api/generated/@tanstack/react-query.gen.js';
import { sessionQuery } from '../../api/session.js';
import { PageLink } from '../../ui/link.js';
import { Facts } from '../../ui/facts.js';
import { Page } from '../../ui/page.js';
import { Failed, Loading } from '../../ui/states.js';
import { Time } from '../../ui/time.js';
import { CaptureIncident } from './capture-incident.js';
import { IncidentClock } from './clock.js';
import { causeWords, openedBy, readsTraces, subjectOf, type Incident } from './incident.js';

const route = getRouteApi('/incidents/$incidentId');

export function IncidentPage() {
  const { incidentId } = route.useParams();
  const incident = useQuery(getV1IncidentsIdOptions({ path: { id: incidentId } }));
  const [capturing, { open, close }] = useDisclosure();
  if (incident.isPending || incident.isError)
    return (
      <Page title="Incident">
        <Back />
        {incident.isPending ? (
          <Loading label="the incident" />
        ) : (
          <Failed error={incident.error} onRetry={() => void incident.refetch()} />
        )}
      </Page>
    );
  const { data } = incident;
  return (
    <Page title={`Incident: ${subjectOf(data)}`} actions={<IncidentClock incident={data} />}>
      <Back />
      <Text>{causeWords(data.cause)}.</Text>
      <About incident={data} />
      <Steps incident={data} onCapture={open} />
      <CaptureIncident incident={data} opened={capturing} onClose={close} />
    </Page>
  );
}

const Back = () => (
  <PageLink to="/incidents" size="sm" w="fit-content">
    All incidents
  </PageLink>
);

function About({ incident }: { incident: Incident }) {
  const { note, workflow, requestedBy, intentId, id } = incident;
  const person = useQuery(sessionQuery).data?.person;
  const trace = readsTraces(person?.roles ?? []) ? (
    <PageLink to="/traces/$intentId" params={{ intentId }} inherit>
      What was done, read and decided
    </PageLink>
  ) : (
    'auditors, SREs, admins and support leads see it'
  );
  return (
    <Paper withBorder p="md">
      <Facts
        facts={{
          'What went wrong': note && `“${note}”`,
          'Asked for by': requestedBy ?? 'unknown: its trace is archived',
          Workflow: workflow ?? 'unknown: its trace is archived',
          Trace: trace,
          Id: <Code>{id}</Code>,
        }}
      />
    </Paper>
  );
}

/** From opened to closed. */
function Steps({ incident, onCapture }: { incident: Incident; onCapture: () => void }) {
  const { state, openedAt, capturedAt, capturedBy, closedAt, closedBy } = incident;
  const reached = { open: 0, captured: 1, closed: 2 }[state];
  return (
    <Stack gap="sm">
      <Title order={2} size="h3">
        From opened to closed
      </Title>
      <Timeline active={reached} bulletSize={24} lineWidth={2}>
        <Timeline.Item bullet={<IconAlertTriangle size={14} aria-hidden />} title="Opened">
          <Text size="sm">
            <Time at={openedAt} /> by {openedBy(incident)}
          </Text>
        </Timeline.Item>
        <Timeline.Item
          bullet={<IconCamera size={14} aria-hidden />}
          title={capturedAt ? 'Captured' : 'Not captured yet'}
        >
          {capturedAt && (
            <Text size="sm">
              <Time at={capturedAt} /> by {capturedBy}
            </Text>
          )}
          <CaseOf incident={incident} onCapture={onCapture} />
        </Timeline.Item>
        <Timeline.Item bullet={<IconCheck size={14} aria-hidden />} title={closedAt ? 'Closed' : 'Not closed yet'}>
          <Text size="sm">
            {closedAt ? (
              <>
                <Time at={closedAt} /> by {closedBy}, with a <Released incident={incident} /> that passed the case
              </>
            ) : (
              'A release whose run passes the case closes it.'
            )}
          </Text>
        </Timeline.Item>
      </Timeline>
    </Stack>
  );
}

const Released = ({ incident: { workflow } }: { incident: Incident }) => (
  <PageLink to="/evals" search={workflow ? { workflow } : {}} inherit>
    release
  </PageLink>
);

function CaseOf({ incident, onCapture }: { incident: Incident; onCapture: () => void }) {
  const { state, workflow, id } = incident;
  const became = incident.case;
  return (
    <Stack gap="xs" align="flex-start" mt={4} style={{ overflowWrap: 'anywhere' }}>
      {became ? (
        <>
          <Text size="sm">“{became.title}”</Text>
          <Text size="sm">
            In the package of {workflow}: <Code>{became.file}</Code>
          </Text>
          <Text size="sm">
            Try it: <Code>npx countersign evals run --case {id}</Code>
          </Text>
        </>
      ) : (
        <Text size="sm">
          Its case is made from the trace: who asked, what was there, what the model said. It fails as long as the
          incident would happen again.
        </Text>
      )}
      {state !== 'closed' && (
        <Button size="sm" variant={became ? 'default' : 'filled'} onClick={onCapture}>
          {became ? 'Register a better case' : 'Capture as a case'}
        </Button>
      )}
    </Stack>
  );
}
