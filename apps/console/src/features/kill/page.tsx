import { Page } from '../../ui/page.js';

export function KillPage() {
  return <Page title="Kill switch" />;
}
