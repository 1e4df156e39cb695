import { Button } from '@everyskill/ui';
import { JsonForm } from './json-form';

export function SignIn() {
  return (
    <JsonForm action="/api/session">
      <input name="email" type="email" placeholder="E-mail" required />
      <input name="token" type="password" placeholder="Admin token" required />
      <Button>Sign in</Button>
    </JsonForm>
  );
}
