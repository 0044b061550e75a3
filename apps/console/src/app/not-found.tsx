import { PageLink } from '../ui/link.js';
import { Page } from '../ui/page.js';
import { Empty } from '../ui/states.js';

export function NotFound() {
  return (
    <Page title="Nothing here">
      <Empty title="There is no view at this address">
        It may have been mistyped. <PageLink to="/approvals">Approvals</PageLink> is a good place to go on from.
      </Empty>
    </Page>
  );
}
