import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "sky.md"


def test_the_example_of_the_page_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(example, {})
    assert re.findall(r"2030-01-\d\d", capsys.readouterr().out)
