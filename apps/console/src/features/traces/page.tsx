import { Page } from '../../ui/page.js';

export function TracesPage() {
  return <Page title="Traces" />;
}
