from calc._parser import RULES as RULES
