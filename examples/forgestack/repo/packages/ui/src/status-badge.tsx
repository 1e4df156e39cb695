export function StatusBadge({ up, label }: { up: boolean; label: string }) {
  return (
    <span className={up ? 'badge badge-up' : 'badge badge-down'}>
      {label}: {up ? 'up' : 'down'}
    </span>
  );
}
