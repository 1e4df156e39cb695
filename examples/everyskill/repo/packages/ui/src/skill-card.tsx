interface SkillCardProps {
  name: string;
  summary: string;
  author: string;
}

export function SkillCard({ name, summary, author }: SkillCardProps) {
  return (
    <article className="card">
      <h2>{name}</h2>
      <p>{summary}</p>
      <p className="author">by {author}</p>
    </article>
  );
}
