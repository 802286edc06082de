"""How much of a spreadsheet is taken. What goes beyond is refused, never cut in silence."""

MAX_FILE_BYTES = 30_000_000
MAX_UNPACKED_BYTES = 400_000_000
"""Of an .xlsx file, all parts together: ten times what 200,000 ordinary rows take."""
MAX_PARTS = 2_000
"""Files inside an .xlsx file."""

MAX_ROWS = 200_000
"""Under the header."""
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 32_767
"""What Excel holds in one cell."""
MAX_TEXT_CHARACTERS = 200_000_000
"""Of all cells together: a long text that a thousand cells share is stored once in the file."""

BATCH_ROWS = 5_000

CHILD_MEMORY_BYTES = 1_500_000_000
"""Address space of the process that reads; 200,000 rows of 30 columns need half of it."""
CHILD_CPU_SECONDS = 120
BATCH_SECONDS = 150
"""How long the next rows may take to come."""
