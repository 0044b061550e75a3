import { Page } from '../../ui/page.js';

export function EvalsPage() {
  return <Page title="Evals" />;
}
