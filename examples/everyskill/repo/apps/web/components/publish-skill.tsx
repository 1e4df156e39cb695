import { Button } from '@everyskill/ui';
import { JsonForm } from './json-form';

export function PublishSkill() {
  return (
    <JsonForm action="/api/skills">
      <input name="name" placeholder="Name" required maxLength={80} />
      <input name="author" placeholder="Author" required maxLength={63} />
      <input name="summary" placeholder="What it does" required maxLength={500} />
      <Button>Publish</Button>
    </JsonForm>
  );
}
