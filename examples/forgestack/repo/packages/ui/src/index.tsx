export { Button } from './button';
export { Card } from './card';
export { StatusBadge } from './status-badge';
