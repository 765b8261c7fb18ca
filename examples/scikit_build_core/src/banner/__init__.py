from banner._banner import text as text
