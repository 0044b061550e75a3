import { Page } from '../../ui/page.js';

export function IncidentPage() {
  return <Page title="Incidents" />;
}
