import { Page } from '../../ui/page.js';

export function IncidentsPage() {
  return <Page title="Incidents" />;
}
