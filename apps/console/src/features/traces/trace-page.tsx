import { Page } from '../../ui/page.js';

export function TracePage() {
  return <Page title="Traces" />;
}
