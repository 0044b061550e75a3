import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../../api/session.js';
import { PageLink } from '../../ui/link.js';
import { inboxQuery } from './data.js';
import { byUrgency, headline, isWhole, type Whole } from './item.js';
import { isNextFor } from './permissions.js';

/** Where to go on: the most urgent of the others that this person may decide. */
export function NextItem({ after }: { after: Whole }) {
  const { data: session } = useQuery(sessionQuery);
  const { data: inbox } = useQuery(inboxQuery('open'));
  if (!inbox) return null;
  const others = inbox.data.filter(isWhole).filter(({ approvalId }) => approvalId !== after.approvalId);
  const [next] = byUrgency(others.filter((item) => isNextFor(item, session?.person.sub, Date.now())));
  return (
    <Text size="sm">
      {next ? (
        <>
          {'Next: '}
          <PageLink to="/approvals/$approvalId" params={{ approvalId: next.approvalId }}>
            {headline(next)}
          </PageLink>
        </>
      ) : (
        'Nothing else waits for you.'
      )}
    </Text>
  );
}
